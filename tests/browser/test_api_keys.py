"""API keys in the page: made with proof that it is them, and gone with a password that was reset."""

import json

import httpx
import pytest
from playwright.sync_api import Route, expect

from support.http import PASSWORD, Person, signed_up_at
from support.outbox import Outbox
from support.page import Visit
from support.server import Server


@pytest.fixture(scope="module")
def outbox(server: Server) -> Outbox:
    return Outbox(server.url, signed_up_at(server.url))


@pytest.fixture
def ada(outbox: Outbox, server: Server) -> Person:
    """With an address that she has confirmed: a reset by somebody who has not ends all that was there, keys too."""
    made = signed_up_at(server.url, name="Ada Lovelace")
    with httpx.Client(base_url=f"{server.url}/api", headers=made.headers, timeout=60) as client:
        client.post("/me/email/verification").raise_for_status()
        token = outbox.newest(made.email, "verify_email").link.partition("#token=")[2]
        client.post("/auth/verify", json={"token": token}).raise_for_status()
    return made


def status_of(server: Server, key: str) -> int:
    return httpx.get(f"{server.url}/api/me", headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code


def test_a_key_from_its_making_to_the_reset_that_ends_it(
    visit: Visit, server: Server, outbox: Outbox, ada: Person
) -> None:
    visitor = visit(ada)
    page = visitor.page

    def long_ago(route: Route) -> None:
        """Only that the log-in is long ago is made up; the password is judged by the server."""
        if route.request.method != "POST" or "password" in (route.request.post_data_json or {}):
            route.continue_()
            return
        problem = {"code": "reauthentication_required", "title": "Again", "status": 403, "has_password": True}
        route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/api/keys", long_ago)
    visitor.open("/settings")
    page.get_by_label("What is it for?").fill("Backups")
    visitor.button("Create key").click()
    dialog = visitor.dialog("Is it you?")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Copy this key now")).to_be_visible()
    key = page.locator(".key-fresh code").inner_text()
    assert status_of(server, key) == 200

    reader, mail = visit(), None
    for keep in (True, False):
        reader.open("/forgot-password")
        reader.page.get_by_label("Email").fill(ada.email)
        reader.button("Send the mail").click()
        expect(reader.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        mail = outbox.newest(ada.email, "password_reset", after=mail)
        reader.page.goto(mail.link)
        reader.page.get_by_label("New password").fill(f"Another-horse-{keep}")
        box = reader.page.get_by_label("Revoke my API keys, too")
        expect(box).to_be_checked()
        if keep:
            box.uncheck()
        reader.button("Set the new password").click()
        expect(reader.page.get_by_role("heading", name="Log in")).to_be_visible()
        assert status_of(server, key) == (200 if keep else 401)
