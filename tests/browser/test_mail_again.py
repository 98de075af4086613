"""A mail that the server died over: its operator sees that nobody knows whether it arrived, and sends it again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, expect

from support.axe import check
from support.http import signed_up_at
from support.mail_servers import Mailbox, smtp_server
from support.page import visiting
from support.server import Server


@pytest.fixture
def box() -> Iterator[Mailbox]:
    # In a thread: while Playwright is there, no loop can run in this one.
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(smtp_server()) as made:
        yield made


def dead_workers_jobs_are_free(server: Server) -> None:
    """As half a minute after a death."""
    with closing(sqlite3.connect(server.data / "mdreader.sqlite3", timeout=20)) as database, database:
        database.execute("UPDATE jobs SET due_at = 0 WHERE finished_at IS NULL")


def test_the_operator_sends_a_mail_again_that_the_server_died_over(
    browser: Browser, tmp_path: Path, box: Mailbox
) -> None:
    server = Server(tmp_path, MAIL_URL=f"smtp://127.0.0.1:{box.port}", EMAIL_FROM="noreply@notes.example.org")
    try:
        server.start(MDREADER_FAILPOINTS="mail.accepted")
        operator = signed_up_at(server.url, name="Olga Operator")
        with suppress(httpx.HTTPError):  # it dies while it answers, or a little later
            httpx.post(f"{server.url}/api/auth/magic-link", json={"email": operator.email}, timeout=60)
        assert server.wait() == -9
        assert len(box.mails) == 1
        dead_workers_jobs_are_free(server)

        server.start()
        with visiting(browser, server.url, operator) as visitor:
            visitor.open("/settings/outbox")
            row = visitor.page.get_by_role("listitem").filter(has_text=operator.email)
            expect(row).to_contain_text("not known whether it arrived")
            assert len(box.mails) == 1
            assert check(visitor, "outbox") == []
            row.get_by_role("button", name="Send again").click()
            expect(row).to_contain_text("· sent")
            expect(row.get_by_role("button")).to_have_count(0)
            assert visitor.troubles == []
    finally:
        if server.running:
            server.stop()
    first, second = box.messages
    assert first.as_bytes() == second.as_bytes()
