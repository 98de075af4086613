"""axe-core finds nothing on the screens on the way in, on the security page and in the outbox, in light and in dark."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import expect

from support.axe import check
from support.http import signed_up_at
from support.outbox import Outbox
from support.page import PHONE, Visit
from support.server import Server

PROVIDERS = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that offers everything."""
    made = Server(tmp_path_factory.mktemp("server"), **PROVIDERS).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def outbox(server: Server) -> Outbox:
    return Outbox(server.url, signed_up_at(server.url, name="Olga Operator"))


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_ways_in(visit: Visit, outbox: Outbox, options: dict[str, object]) -> None:
    ada = signed_up_at(outbox.url, name="Ada Lovelace")
    visitor = visit(reduced_motion="reduce", **options)
    visitor.url = outbox.url.replace("127.0.0.1", "localhost")
    page = visitor.page
    found = []

    visitor.open("/login#error=email_unverified_at_provider&provider=google")
    expect(visitor.button("Use a passkey")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Google has not confirmed")
    found += check(visitor, "log-in")
    visitor.open("/sign-in#mfa_token=of-a-provider&methods=totp,recovery_code&return_to=/w/1")
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    found += check(visitor, "second step")
    visitor.button("Use a recovery code instead").click()
    found += check(visitor, "recovery code")

    visitor.open("/forgot-password")
    page.get_by_label("Email").fill(ada.email)
    found += check(visitor, "forgot password")
    visitor.button("Send the mail").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    found += check(visitor, "reset by code")
    visitor.open("/reset-password#token=x")
    page.get_by_label("New password").fill("Some")
    found += check(visitor, "reset by link")
    visitor.open("/reset-password")
    expect(page.get_by_role("heading", name="This link is not complete")).to_be_visible()
    found += check(visitor, "broken link")
    visitor.open("/verify-email#token=x")
    visitor.button("Confirm address").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += check(visitor, "confirm address")
    visitor.open("/sign-in/link#token=x")
    visitor.button("Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += check(visitor, "link refused")
    # Another server name is not another server.
    visitor.troubles[:] = [line for line in visitor.troubles if "localhost" not in line]
    assert found == []


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_the_security_page(visit: Visit, outbox: Outbox, options: dict[str, object]) -> None:
    visitor = visit(signed_up_at(outbox.url, name="Ada Lovelace"), reduced_motion="reduce", **options)
    page = visitor.page
    visitor.open("/account/security")
    visitor.button("Send a mail to confirm it").click()
    expect(visitor.button("Send another mail")).to_be_visible()
    expect(page.get_by_text("This one")).to_be_visible()
    visitor.button("Set up").click()
    expect(page.get_by_role("img", name="QR code with the key")).to_be_visible()
    found = check(visitor, "setting up an app")
    uri = page.get_by_role("link", name="Open in an app on this device").get_attribute("href") or ""
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    page.get_by_label("Code from the app").fill(app.now())
    visitor.button("Turn on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    found += check(visitor, "recovery codes")
    visitor.button("I have kept them").click()
    visitor.button("Turn off").click()
    expect(visitor.dialog("Turn off")).to_be_visible()
    found += check(visitor, "turning it off")
    assert found == []


def test_the_outbox(visit: Visit, outbox: Outbox) -> None:
    ada = signed_up_at(outbox.url, name="Ada Lovelace")
    asking = visit()
    asking.open("/sign-in/link")
    asking.page.get_by_label("Email").fill(ada.email)
    asking.button("Send the mail").click()
    outbox.newest(ada.email, "magic_link")
    visitor = visit(outbox.operator, reduced_motion="reduce")
    visitor.open("/settings/outbox")
    visitor.page.locator("summary").first.click()
    expect(visitor.page.get_by_role("group", name="Text of the mail").first).to_be_visible()
    assert check(visitor, "outbox") == []
