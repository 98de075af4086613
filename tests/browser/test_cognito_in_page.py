"""The page when a Cognito user pool keeps the accounts: in, with a second step, and in again after a forgotten password."""

import os
import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import expect

from support.aws import CREDENTIALS, REGION
from support.axe import check
from support.cognito import UserPool, local_pool
from support.page import Visit, Visitor
from support.server import Server

EMAIL, NAME = "ada@example.org", "Ada Lovelace"
PASSWORD, NEW_PASSWORD = "Correct-horse-1", "Another-horse-2"
INSIDE = re.compile("Hello,")


@pytest.fixture(scope="module")
def pool(cognito: str) -> Iterator[UserPool]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield local_pool(cognito)


@pytest.fixture(scope="module")
def server(pool: UserPool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that leaves accounts to the pool."""
    made = Server(
        tmp_path_factory.mktemp("server"),
        IDENTITY="cognito",
        AWS_REGION=REGION,
        AWS_ENDPOINT_URL=pool.endpoint,
        COGNITO_USER_POOL_ID=pool.pool_id,
        COGNITO_CLIENT_ID=pool.client_id,
        COGNITO_ISSUER=pool.issuer,
        **{name: os.environ[name] for name in CREDENTIALS},
    ).start()
    yield made
    made.stop()


def log_in(visitor: Visitor, password: str) -> None:
    visitor.page.get_by_label("Email").fill(EMAIL)
    visitor.page.get_by_label("Password", exact=True).fill(password)
    visitor.button("Log in").click()


def log_out(visitor: Visitor) -> None:
    visitor.open("/settings")
    visitor.button("Log out").click()
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()


def sign_up(ada: Visitor, pool: UserPool) -> None:
    """The pool mails a code, and a wrong one is said to be wrong."""
    page = ada.page
    ada.open("/signup")
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    expect(page.get_by_text(EMAIL)).to_be_visible()
    code = pool.code_for(EMAIL)
    page.get_by_label("Code").fill(f"{(int(code) + 1) % 1_000_000:06}")
    ada.button("Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or too old")
    page.get_by_label("Code").fill(code)
    ada.button("Continue").click()


def test_all_the_ways_in(visit: Visit, server: Server, pool: UserPool) -> None:
    ada = visit()
    page = ada.page
    inside = page.get_by_role("heading", name=INSIDE)
    sign_up(ada, pool)
    expect(inside).to_contain_text(NAME)

    # An app: the pool has no recovery codes, so none are promised.
    ada.open("/account/security")
    ada.button("Set up").click()
    uri = page.get_by_role("link", name="Open in an app on this device").get_attribute("href") or ""
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    page.get_by_label("Code from the app").fill(app.now())
    ada.button("Turn on").click()
    expect(ada.button("Turn off")).to_be_visible()
    expect(page.get_by_text("Without the app, only whoever keeps the accounts")).to_be_visible()
    expect(page.get_by_text("recovery codes")).to_be_hidden()
    # The link to the pool is no account elsewhere that could be taken away.
    expect(page.get_by_text("directory")).to_be_hidden()
    assert check(ada, "security with a pool") == []

    # Logging in asks for the app's code.
    log_out(ada)
    log_in(ada, "Wrong-horse-3")
    expect(page.get_by_role("alert")).to_contain_text("Email or password is not right")
    log_in(ada, PASSWORD)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    expect(ada.button("Use a recovery code instead")).to_be_hidden()
    page.get_by_label("Code").fill(app.now())
    ada.button("Continue").click()
    expect(inside).to_be_visible()

    # A forgotten password: the pool mails a code.
    log_out(ada)
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(EMAIL)
    ada.button("Send the mail").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.get_by_label("Code").fill(pool.code_for(EMAIL))
    page.get_by_label("New password").fill(NEW_PASSWORD)
    ada.button("Set the new password").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(ada, NEW_PASSWORD)
    page.get_by_label("Code").fill(app.now())
    ada.button("Continue").click()
    expect(inside).to_be_visible()

    # Turning the app off takes both factors.
    ada.open("/account/security")
    ada.button("Turn off").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password").fill("Wrong-horse-3")
    dialog.get_by_label("Code").fill(app.now())
    dialog.get_by_role("button", name="Turn off").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Turn off").click()
    expect(ada.button("Set up")).to_be_visible()
