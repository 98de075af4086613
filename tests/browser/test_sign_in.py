"""Every way in that needs no password, and what lets people in again who forgot it, as they meet it in the page."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from support.http import PASSWORD, Person, signed_up_at
from support.outbox import Outbox
from support.page import Visit, Visitor
from support.server import Server

NEW_PASSWORD = "Another-horse-2"
INSIDE = re.compile("Hello,")
TOKEN = re.compile("token")


@pytest.fixture(scope="module")
def outbox(server: Server) -> Outbox:
    return Outbox(server.url, signed_up_at(server.url, name="Olga Operator"))


@pytest.fixture
def ada(server: Server, outbox: Outbox) -> Person:
    return signed_up_at(server.url, name="Ada Lovelace")


def fill_login(visitor: Visitor, person: Person, password: str = PASSWORD) -> None:
    visitor.page.get_by_label("Email").fill(person.email)
    visitor.page.get_by_label("Password", exact=True).fill(password)
    visitor.button("Log in").click()


def inside(page: Page) -> None:
    """Wait until somebody is signed in; they have no workspace yet."""
    expect(page.get_by_role("heading", name=INSIDE)).to_be_visible()


def ask_for_a_link(visitor: Visitor, email: str) -> None:
    visitor.open("/login")
    visitor.page.get_by_role("link", name="Email me a log-in link").click()
    visitor.page.get_by_label("Email").fill(email)
    visitor.button("Send the mail").click()
    expect(visitor.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    expect(visitor.page.get_by_text("This server has no mail server")).to_be_visible()


def test_the_link_of_a_mail_signs_in_after_a_click_and_once(visit: Visit, outbox: Outbox, ada: Person) -> None:
    asking = visit()
    ask_for_a_link(asking, ada.email)
    mail = outbox.newest(ada.email, "magic_link")

    opening = visit()
    sent: list[str] = []
    opening.page.on("request", lambda request: sent.append(f"{request.method} {urlsplit(request.url).path}"))
    opening.page.goto(mail.link)
    expect(opening.button("Log in")).to_be_focused()
    expect(opening.page).not_to_have_url(TOKEN)
    assert [line for line in sent if line.startswith("POST")] == [], "opening a link alone must do nothing"
    opening.button("Log in").click()
    inside(opening.page)

    late = visit()
    late.page.goto(mail.link)
    late.button("Log in").click()
    expect(late.page.get_by_role("alert")).to_contain_text("This link was used already or is too old")
    expect(late.button("Log in")).to_be_hidden()
    late.button("Ask for a new link").click()
    expect(late.button("Send the mail")).to_be_visible()


def test_the_code_of_a_mail_signs_in_too(visit: Visit, outbox: Outbox, ada: Person) -> None:
    visitor = visit()
    ask_for_a_link(visitor, ada.email)
    code = outbox.newest(ada.email, "magic_link").code
    wrong = "000000" if code != "000000" else "111111"
    visitor.page.get_by_label("Code").fill(wrong)
    visitor.button("Log in").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("This code is wrong or too old")
    visitor.page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    visitor.button("Log in").click()
    inside(visitor.page)


@pytest.mark.usefixtures("outbox")
def test_a_weak_password_is_told_what_it_lacks(visit: Visit) -> None:
    visitor = visit()
    visitor.open("/signup")
    visitor.page.get_by_label("Your name").fill("Wanda Weak")
    visitor.page.get_by_label("Email").fill("weak@example.com")
    password = visitor.page.get_by_label("Password", exact=True)
    password.fill("secret")
    visitor.button("Create account").click()
    expect(password).to_be_focused()
    expect(password).to_have_attribute("aria-invalid", "true")
    missing = visitor.page.get_by_text("This password still needs")
    expect(missing).to_contain_text("needs 8 characters, a capital letter, a digit, and a symbol.")
    visitor.page.keyboard.type("Word7")
    expect(missing).to_have_text("This password still needs a symbol.")
    visitor.page.keyboard.type("!")
    expect(missing).to_be_hidden()
    visitor.page.keyboard.press("Enter")
    inside(visitor.page)


def test_nobody_learns_who_has_an_account(visit: Visit, outbox: Outbox) -> None:
    visitor = visit()
    ask_for_a_link(visitor, "nobody@example.com")
    expect(visitor.page.get_by_text("If nobody@example.com has an account")).to_be_visible()
    assert outbox.mails("nobody@example.com", "magic_link") == []


def test_a_forgotten_password_is_replaced_by_the_link(visit: Visit, outbox: Outbox, ada: Person) -> None:
    elsewhere = visit(ada)
    elsewhere.open("/account/security")
    expect(elsewhere.page.get_by_role("heading", name="Passkeys")).to_be_visible()

    visitor = visit()
    visitor.open("/login")
    visitor.page.get_by_label("Email").fill(ada.email)
    visitor.page.get_by_role("link", name="Forgot your password?").click()
    # Nobody types their address twice.
    expect(visitor.page.get_by_label("Email")).to_have_value(ada.email)
    visitor.button("Send the mail").click()
    expect(visitor.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    link = outbox.newest(ada.email, "password_reset").link
    visitor.page.goto(link)
    expect(visitor.page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    expect(visitor.page).not_to_have_url(TOKEN)
    fresh = visitor.page.get_by_label("New password")
    fresh.fill("weak")
    visitor.button("Set the new password").click()
    expect(fresh).to_have_accessible_description(re.compile("needs 8 characters, a capital letter"))
    fresh.fill(NEW_PASSWORD)
    visitor.button("Set the new password").click()
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(visitor.toast("Your password is changed")).to_be_visible()

    # Whoever was signed in is not any more, and only the new password counts.
    elsewhere.page.reload()
    expect(elsewhere.page.get_by_role("heading", name="Log in")).to_be_visible()
    fill_login(visitor, ada)
    expect(visitor.page.get_by_role("alert")).to_contain_text("Email or password is not right")
    # What was wrong is typed over.
    expect(visitor.page.get_by_label("Password", exact=True)).to_be_focused()
    visitor.page.keyboard.type(NEW_PASSWORD)
    visitor.page.keyboard.press("Enter")
    inside(visitor.page)
    expect(visitor.page.get_by_label("Name of the workspace")).to_be_focused()

    # The link works once, and then leads to a new one.
    again = visit()
    again.page.goto(link)
    again.page.get_by_label("New password").fill("Yet-another-3")
    again.button("Set the new password").click()
    expect(again.page.get_by_role("alert")).to_contain_text("This link was used already or is too old")
    expect(again.button("Set the new password")).to_be_hidden()
    again.page.get_by_role("link", name="Ask for a new link").click()
    expect(again.button("Send the mail")).to_be_visible()


def test_a_forgotten_password_is_replaced_by_the_code(visit: Visit, outbox: Outbox, ada: Person) -> None:
    visitor = visit()
    visitor.open("/forgot-password")
    visitor.page.get_by_label("Email").fill(ada.email)
    visitor.button("Send the mail").click()
    visitor.page.get_by_label("Code").fill(outbox.newest(ada.email, "password_reset").code)
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.button("Set the new password").click()
    expect(visitor.page.get_by_role("heading", name="Log in")).to_be_visible()
    fill_login(visitor, ada, NEW_PASSWORD)
    inside(visitor.page)


def test_a_link_without_its_end_says_what_to_do(visit: Visit, outbox: Outbox) -> None:
    visitor = visit()
    for path in ("/reset-password", "/verify-email"):
        visitor.open(path)
        expect(visitor.page.get_by_role("heading", name="This link is not complete")).to_be_visible()
        expect(visitor.page.get_by_role("link", name="Ask for a new link")).to_be_focused()


def test_an_address_is_confirmed_by_code_or_link(visit: Visit, outbox: Outbox, ada: Person) -> None:
    visitor = visit(ada)
    visitor.open("/account/security")
    expect(visitor.page.get_by_text("Not confirmed")).to_be_visible()
    visitor.button("Send a mail to confirm it").click()
    expect(visitor.page.get_by_text("A mail is on its way")).to_be_visible()
    first = outbox.newest(ada.email, "verify_email")
    visitor.button("Send another mail").click()
    mail = outbox.newest(ada.email, "verify_email", after=first)

    # In a browser where nobody is signed in, the link asks for the account's password.
    stranger = visit()
    stranger.page.goto(mail.link)
    stranger.button("Confirm address").click()
    stranger.page.get_by_label("Password", exact=True).fill("not-the-Passw0rd")
    stranger.button("Confirm address").click()
    expect(stranger.page.get_by_role("alert")).to_be_visible()

    visitor.page.get_by_label("Code", exact=True).fill(mail.code)
    visitor.button("Confirm").click()
    expect(visitor.page.get_by_text("Confirmed", exact=True)).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="Email address")).to_be_focused()
    expect(visitor.button("Send a mail to confirm it")).to_be_hidden()


def test_the_link_that_confirms_an_address_waits_for_a_click(visit: Visit, outbox: Outbox, ada: Person) -> None:
    visitor = visit(ada)
    visitor.open("/account/security")
    visitor.button("Send a mail to confirm it").click()
    expect(visitor.page.get_by_text("A mail is on its way")).to_be_visible()
    visitor.page.goto(outbox.newest(ada.email, "verify_email").link)
    expect(visitor.button("Confirm address")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="Open mdreader")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    inside(visitor.page)


def test_the_operator_reads_the_outbox_and_nobody_else(visit: Visit, outbox: Outbox, ada: Person) -> None:
    olga = visit(outbox.operator)
    olga.open("/settings")
    olga.page.get_by_role("link", name="Outbox").click()
    expect(olga.page.get_by_text("This server has no mail server")).to_be_visible()
    ask_for_a_link(visit(), ada.email)
    mail = outbox.newest(ada.email, "magic_link")
    # It appears by itself.
    row = olga.page.get_by_role("listitem").filter(has_text=ada.email).first
    row.locator("summary").click()
    expect(row.get_by_text(mail.code, exact=True)).to_be_visible()
    expect(row.get_by_role("link", name="Open the link")).to_have_attribute("href", mail.link)

    visitor = visit(ada)
    visitor.open("/settings")
    expect(visitor.page.get_by_role("link", name="Security")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="Outbox")).to_be_hidden()
    visitor.open("/settings/outbox")
    expect(visitor.page.get_by_role("heading", name="Only whoever runs this server")).to_be_visible()
