"""Signing in with an account elsewhere, connecting one, and what its way back says in the page."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from support.http import PASSWORD, signed_up_at
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider
from support.outbox import Outbox
from support.page import Visit, Visitor, new_place
from support.server import Server

INSIDE = re.compile("Hello,")


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with running_provider() as made:
        yield made


@pytest.fixture(scope="module")
def server(provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    acme = {
        "id": "acme",
        "name": "Acme",
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    made = Server(tmp_path_factory.mktemp("server"), OIDC_PROVIDERS=json.dumps([acme])).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def outbox(server: Server) -> Outbox:
    """Read by the first account."""
    return Outbox(server.url, signed_up_at(server.url, name="Olga Operator"))


@pytest.fixture(autouse=True)
def not_the_first_run(outbox: Outbox) -> None:
    """Somebody has an account already."""


def at_provider(visitor: Visitor, provider: OidcProvider) -> None:
    """Going to the provider is meant."""
    visitor.troubles[:] = [line for line in visitor.troubles if urlsplit(provider.url).netloc not in line]


def test_somebody_new_comes_in_by_a_provider_and_goes_on_where_they_wanted(
    visit: Visit, server: Server, provider: OidcProvider
) -> None:
    provider.account.subject, provider.account.email = "new", "new@example.org"
    visitor = visit()
    visitor.open("/account/security")
    visitor.page.get_by_role("link", name="Continue with Acme").click()
    # Back at the page that asked them to log in.
    expect(visitor.page.get_by_role("heading", name="Accounts elsewhere")).to_be_visible()
    row = visitor.page.get_by_role("region", name="Accounts elsewhere").get_by_role("listitem")
    expect(row).to_contain_text("new@example.org")
    expect(visitor.page.get_by_text("Your account has no password yet")).to_be_visible()
    expect(visitor.page.get_by_text("by Acme")).to_be_visible()
    at_provider(visitor, provider)


def test_a_way_back_that_did_not_work_says_why(visit: Visit, server: Server, provider: OidcProvider) -> None:
    visitor = visit()
    provider.agrees = False
    visitor.open("/login")
    visitor.page.get_by_role("link", name="Continue with Acme").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("Acme was left before it answered")
    expect(visitor.page).not_to_have_url(re.compile("error"))
    expect(visitor.page.get_by_label("Email")).to_be_focused()
    provider.agrees = True
    at_provider(visitor, provider)


def test_an_account_is_connected_and_disconnected(visit: Visit, server: Server, provider: OidcProvider) -> None:
    provider.account.subject, provider.account.email = "connect", "elsewhere@example.org"
    ada = signed_up_at(server.url, name="Ada Lovelace")
    visitor = visit(ada)
    visitor.open("/account/security")
    visitor.button("Connect Acme").click()
    expect(visitor.toast("Acme is connected")).to_be_visible()
    expect(visitor.page).not_to_have_url(re.compile("linked"))
    expect(visitor.button("Connect Acme")).to_be_hidden()
    visitor.button("Disconnect Acme").click()
    expect(visitor.page.get_by_text("You cannot log in with Acme any more")).to_be_visible()
    visitor.button("Disconnect?").click()
    expect(visitor.button("Connect Acme")).to_be_visible()
    at_provider(visitor, provider)


def test_a_server_that_wants_confirmed_addresses(visit: Visit, server: Server, outbox: Outbox) -> None:
    place = new_place(server.url, {"note.md": "text"}, owner="From Before")
    before = visit(place.owner)
    server.stop()
    server.start(PORT=str(urlsplit(server.url).port), MDREADER_EMAIL_VERIFICATION="required")

    visitor = visit()
    visitor.open("/signup")
    visitor.page.get_by_label("Your name").fill("Ben Okri")
    visitor.page.get_by_label("Email").fill("ben@example.org")
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.button("Create account").click()
    expect(visitor.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    expect(visitor.page.get_by_text("on its way to ben@example.org")).to_be_visible()
    first = outbox.newest("ben@example.org", "sign_in_code")
    visitor.button("Send another code").click()
    expect(visitor.toast("Another code is on its way")).to_be_visible()
    code = outbox.newest("ben@example.org", "sign_in_code", after=first).code
    visitor.page.get_by_label("Code").fill(code)
    visitor.button("Continue").click()
    expect(visitor.page.get_by_role("heading", name=INSIDE)).to_be_visible()

    # Who was signed in before that is reminded.
    before.open(place.path)
    before.page.get_by_role("link", name="Confirm it").click()
    expect(before.page.get_by_text("Not confirmed")).to_be_visible()
