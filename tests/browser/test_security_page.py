"""The security page: codes from an app, passkeys, sessions, the password; and logging in with what was set up there."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
import pytest
from playwright.sync_api import Route, expect

from support.http import PASSWORD, Person, signed_up_at
from support.page import Visit, Visitor
from support.server import Server

INSIDE = re.compile("Hello,")
STEP_SECONDS = 30


@pytest.fixture
def ada(server: Server) -> Person:
    return signed_up_at(server.url, name="Ada Lovelace")


def security(visitor: Visitor) -> None:
    visitor.open("/account/security")
    expect(visitor.page.get_by_role("heading", name="Where you are logged in")).to_be_visible()


def log_out(visitor: Visitor) -> None:
    visitor.open("/settings")
    visitor.button("Log out").click()
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()


def fill_login(visitor: Visitor, person: Person, password: str = PASSWORD) -> None:
    visitor.page.get_by_label("Email").fill(person.email)
    visitor.page.get_by_label("Password", exact=True).fill(password)
    visitor.button("Log in").click()


def inside(visitor: Visitor) -> None:
    expect(visitor.page.get_by_role("heading", name=INSIDE)).to_be_visible()


def set_up_app(visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """The app, and the recovery codes that were shown."""
    page = visitor.page
    visitor.button("Set up").click()
    code = page.get_by_role("img", name="QR code with the key")
    expect(code).to_be_visible()
    assert len(code.locator("path").get_attribute("d") or "") > 1000
    uri = page.get_by_role("link", name="Open in an app on this device").get_attribute("href") or ""
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    shown = page.locator(".totp-key code").inner_text().replace(" ", "")
    assert shown == app.secret
    page.get_by_label("Code from the app").fill("000000")
    visitor.button("Turn on").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the newest one")
    page.get_by_label("Code from the app").fill(app.now())
    visitor.button("Turn on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_focused()
    return app, page.locator(".recovery-codes code").all_inner_texts()


def test_codes_from_an_app(visit: Visit, ada: Person) -> None:
    visitor = visit(ada, accept_downloads=True)
    page = visitor.page
    security(visitor)
    expect(page).to_have_title("Security · mdreader")
    app, codes = set_up_app(visitor)
    assert len(set(codes)) == 10
    with page.expect_download() as download:
        visitor.button("Download").click()
    assert set(codes) <= set(download.value.path().read_text().splitlines())
    visitor.button("I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()
    expect(page.get_by_role("heading", name="Codes from an app")).to_be_focused()

    log_out(visitor)
    fill_login(visitor, ada)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill("000000")
    visitor.button("Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the newest one")
    expect(page.get_by_label("Code")).to_be_focused()
    # The code that turned it on is used up; the app's clock may be a little ahead.
    page.get_by_label("Code").fill(app.at(visitor_time(visitor) + STEP_SECONDS))
    visitor.button("Continue").click()
    inside(visitor)

    log_out(visitor)
    fill_login(visitor, ada)
    visitor.button("Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill("aaaaa-aaaaa")
    visitor.button("Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This recovery code is wrong, or was used before")
    page.get_by_label("Recovery code").fill(codes[0])
    visitor.button("Continue").click()
    inside(visitor)
    security(visitor)
    expect(page.get_by_text("9 recovery codes are left.")).to_be_visible()

    visitor.button("Turn off").click()
    dialog = visitor.dialog("Turn off")
    dialog.get_by_role("button", name="I do not have the app any more").click()
    dialog.get_by_label("Recovery code").fill(codes[1])
    dialog.get_by_role("button", name="Turn off").click()
    expect(dialog).to_be_hidden()
    expect(visitor.button("Set up")).to_be_visible()
    log_out(visitor)
    fill_login(visitor, ada)
    inside(visitor)


def visitor_time(visitor: Visitor) -> int:
    return int(visitor.page.evaluate("Date.now()")) // 1000


def test_too_many_wrong_codes_lead_back_to_the_log_in_form(visit: Visit, ada: Person) -> None:
    visitor = visit(ada)
    security(visitor)
    set_up_app(visitor)
    log_out(visitor)
    fill_login(visitor, ada)
    page = visitor.page
    for _ in range(6):
        page.get_by_label("Code").fill("000000")
        with page.expect_response("**/api/auth/mfa*") as answered:
            visitor.button("Continue").click()
        if answered.value.json()["code"] == "mfa_expired":
            break
        expect(page.get_by_role("alert")).to_be_visible()
        # The next one is typed into an empty field, and not taken away with the wrong one.
        expect(page.get_by_label("Code")).to_have_value("")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Log in again")


def test_sessions_are_listed_and_ended(visit: Visit, ada: Person) -> None:
    here, there = visit(ada), visit(ada)
    there.open("/")
    inside(there)
    security(here)
    sessions = here.page.get_by_role("region", name="Where you are logged in").get_by_role("listitem")
    # Signing up made one more, in the test itself.
    expect(sessions).to_have_count(3)
    expect(sessions.filter(has_text="This one")).to_have_count(1)
    here.button("Log out everywhere else").click()
    expect(sessions).to_have_count(1)
    expect(here.toast("You are logged out everywhere else")).to_be_visible()
    expect(here.page.get_by_role("heading", name="Where you are logged in")).to_be_focused()
    there.page.reload()
    expect(there.page.get_by_role("heading", name="Log in")).to_be_visible()
    fill_login(there, ada)
    inside(there)
    here.page.reload()
    expect(sessions).to_have_count(2)
    sessions.filter(has_not_text="This one").get_by_role("button", name="Log out").click()
    expect(sessions).to_have_count(1)
    there.page.reload()
    expect(there.page.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_password_is_changed(visit: Visit, ada: Person) -> None:
    visitor = visit(ada)
    security(visitor)
    page = visitor.page
    page.get_by_label("Current password").fill("Wrong-horse-1")
    page.get_by_label("New password").fill("Another-horse-2")
    visitor.button("Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("The current password is not right")
    page.get_by_label("Current password").fill(PASSWORD)
    visitor.button("Change password").click()
    expect(visitor.toast("Your password is changed")).to_be_visible()
    log_out(visitor)
    fill_login(visitor, ada, "Another-horse-2")
    inside(visitor)


def test_who_logged_in_long_ago_shows_the_password_first(visit: Visit, ada: Person) -> None:
    """Only that it is long ago is made up; the password is judged by the server."""
    visitor = visit(ada)

    def long_ago(route: Route) -> None:
        if "password" in (route.request.post_data_json or {}):
            route.continue_()
            return
        problem = {"code": "reauthentication_required", "title": "Again", "status": 403, "has_password": True}
        route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(problem))

    visitor.page.route("**/api/me/totp", long_ago)
    security(visitor)
    visitor.button("Set up").click()
    dialog = visitor.dialog("Is it you?")
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(visitor.button("Set up")).to_be_focused()
    visitor.button("Set up").click()
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Continue").click()
    expect(visitor.page.get_by_role("img", name="QR code with the key")).to_be_visible()


@contextmanager
def authenticator(visitor: Visitor) -> Iterator[None]:
    """A passkey device of the browser's own, whose owner always agrees."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    try:
        yield
    finally:
        session.send("WebAuthn.disable")


@pytest.fixture
def localhost(server: Server) -> str:
    """Browsers have passkeys at this name, and not at 127.0.0.1."""
    return server.url.replace("127.0.0.1", "localhost")


def test_a_passkey_is_added_used_renamed_and_removed(visit: Visit, ada: Person, localhost: str) -> None:
    visitor = visit()
    visitor.url = localhost
    page = visitor.page
    own = {"http://localhost", localhost}
    # An owner who always agrees would be let in again the moment the log-in screen offers the passkey by itself.
    page.add_init_script(
        "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false"
    )
    with authenticator(visitor):
        visitor.open("/login")
        fill_login(visitor, ada)
        inside(visitor)
        security(visitor)
        page.get_by_label("Name of the passkey").fill("Laptop")
        visitor.button("Add a passkey").click()
        expect(visitor.toast("“Laptop” lets you in from now on")).to_be_visible()
        keys = page.get_by_role("region", name="Passkeys").get_by_role("listitem")
        expect(keys).to_contain_text("never used")

        # The device knows it already, and says so in words.
        visitor.button("Add a passkey").click()
        expect(page.get_by_role("region", name="Passkeys").get_by_role("alert")).to_contain_text(
            "already has a passkey"
        )

        log_out(visitor)
        visitor.button("Use a passkey").click()
        inside(visitor)
        security(visitor)
        expect(keys).to_contain_text("last used")
        visitor.button("Rename Laptop").click()
        dialog = visitor.dialog("Rename Laptop")
        dialog.get_by_label("Name of the passkey").fill("Old laptop")
        dialog.get_by_role("button", name="Rename", exact=True).click()
        expect(keys).to_contain_text("Old laptop")
        visitor.button("Remove Old laptop").click()
        expect(visitor.button("Remove?")).to_be_focused()
        page.keyboard.press("Escape")
        expect(visitor.button("Remove Old laptop")).to_be_focused()
        page.keyboard.press("Enter")
        visitor.button("Remove?").click()
        expect(keys).to_have_count(0)
        expect(page.get_by_role("heading", name="Passkeys")).to_be_focused()

        log_out(visitor)
        visitor.button("Use a passkey").click()
        expect(page.get_by_role("alert")).to_be_visible()
    # The visitor came to know another name of the same server.
    visitor.troubles[:] = [trouble for trouble in visitor.troubles if not any(name in trouble for name in own)]


def test_an_address_without_passkeys_says_so(visit: Visit, ada: Person) -> None:
    visitor = visit(ada)
    security(visitor)
    expect(visitor.page.get_by_text("Passkeys do not work at an address of numbers")).to_be_visible()
    here = visitor.page.get_by_role("link", name="http://localhost")
    expect(here).to_have_attribute("href", visitor.page.url.replace("127.0.0.1", "localhost"))
    expect(visitor.button("Add a passkey")).to_be_hidden()
    log_out(visitor)
    expect(visitor.page.get_by_role("link", name="Email me a log-in link")).to_be_visible()
    expect(visitor.button("Use a passkey")).to_be_hidden()
