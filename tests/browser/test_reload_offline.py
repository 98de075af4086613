"""The service worker: a reload without the server works, a new build never waits for an old one, nobody's data is kept."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from mdreader.http.page import PAGE_FOLDER
from mdreader.http.page import Page as ServedPage
from mdreader.http.security_headers import CONTENT_SECURITY_POLICY
from support.page import Visit, new_place, visiting
from support.server import Server

# Installed, in charge of the page, and with everything that belongs to its build.
_IN_CHARGE = """async () => {
  const { serviceWorker } = navigator;
  await serviceWorker.ready;
  if (!serviceWorker.controller) {
    await new Promise((done) => serviceWorker.addEventListener('controllerchange', done, { once: true }));
  }
}"""
_KEPT = """async () => {
  const urls = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
  }
  return urls;
}"""


def in_charge(page: Page) -> None:
    """Wait until the service worker has everything."""
    page.evaluate(_IN_CHARGE)


def test_reload_without_the_server_write_and_meet_again(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": "start\n", "never-opened.md": "elsewhere\n"}, owner="Ada")
    ada = visit(place.owner, service_workers="allow")
    ada.open_document(place, "note.md")
    ada.write("before ")
    ada.saved()
    in_charge(ada.page)
    kept = ada.page.evaluate(_KEPT)
    assert "/" in kept
    assert not [path for path in kept if path.startswith(("/api", "/w/"))], "answers of the API are nobody's to keep"

    server.stop()
    try:
        ada.page.reload()
        ada.shows("before")
        answer = ada.page.goto(ada.page.url)
        assert answer is not None
        assert answer.from_service_worker
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        ada.shows("before")
        expect(ada.state).to_have_attribute("data-kind", "offline")
        ada.write("and without a server")
        expect(ada.state).to_contain_text("20 changes kept here")
        # Another reload on top: what was typed is still there, and every view works.
        ada.page.reload()
        ada.shows("before and without a server")
        ada.mode("Split")
        expect(ada.page.locator(".md-prose")).to_contain_text("and without a server")
        ada.page.keyboard.press("Control+k")
        expect(ada.dialog("Go to a document")).to_be_visible()
        ada.page.keyboard.press("Escape")
    finally:
        server.start(PORT=str(urlsplit(server.url).port))
    ada.saved()
    assert place.text("note.md") == "start\nbefore and without a server"


def test_logging_out_forgets_the_documents(visit: Visit, server: Server) -> None:
    """The page stays, because it is the same for everybody; what was somebody's goes."""
    place = new_place(server.url, {"note.md": "private words\n"}, owner="Ada")
    ada = visit(place.owner, service_workers="allow")
    ada.open_document(place, "note.md")
    ada.shows("private words")
    in_charge(ada.page)
    ada.open("/settings")
    ada.button("Log out").click()
    expect(ada.page.get_by_role("heading", name="Log in")).to_be_visible()
    ada.page.wait_for_function(
        """async () => {
          const count = (name, store) => new Promise((done, failed) => {
            const opening = indexedDB.open(name);
            opening.onerror = () => failed(opening.error);
            opening.onsuccess = () => {
              const asked = opening.result.transaction(store).objectStore(store).count();
              asked.onsuccess = () => { opening.result.close(); done(asked.result); };
            };
          });
          const left = await Promise.all([
            count('mdreader-documents', 'documents'), count('mdreader-documents', 'updates'), count('mdreader-shell', 'queries'),
          ]);
          return left.every((number) => number === 0);
        }"""
    )
    left = ada.page.evaluate("Object.keys(localStorage)")
    assert not [name for name in left if place.workspace_id in name or name == "mdreader.user"]
    assert ada.page.evaluate("Object.values(localStorage).join()").find(place.workspace_id) == -1
    server.stop()
    try:
        ada.open(place.document_path("note.md"))
        expect(ada.page.get_by_role("heading", name="Log in")).to_be_visible()
        assert "private words" not in ada.page.content()
    finally:
        server.start(PORT=str(urlsplit(server.url).port))


class Deployment:
    """Serves whichever build is the current one."""

    def __init__(self, folder: Path) -> None:
        self.current: ASGIApp = ServedPage(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.current(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of a server for `app`."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    started = threading.Event()
    server.startup, startup = (lambda sockets=None: startup(sockets)), server.startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        started.wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def next_build(old: Path, new: Path) -> None:
    """The same page with another program's name and a mark, as a later build would differ."""
    shutil.copytree(old, new)
    entry = next(path for path in (new / "assets").glob("index-*.js"))
    renamed = entry.rename(entry.with_name("index-NEXT.js"))
    for path in [*new.rglob("*.br"), *new.rglob("*.gz")]:
        path.unlink()
    for name, change in {
        "index.html": ('<html lang="en">', '<html lang="en" data-build="next">'),
        "service-worker.js": ('"CACHE":"mdreader-page-', '"CACHE":"mdreader-page-next-'),
    }.items():
        text = (new / name).read_text()
        assert change[0] in text
        (new / name).write_text(text.replace(*change).replace(entry.name, renamed.name))


NEXT = "html[data-build=next]"


def test_a_new_build_is_there_at_once_and_an_open_page_is_told(browser: Browser, tmp_path: Path) -> None:
    next_build(PAGE_FOLDER, tmp_path / "next")
    deployment = Deployment(PAGE_FOLDER)
    with visiting(browser, "", service_workers="allow") as visitor:
        with serving(deployment) as url:
            visitor.page.goto(url)
            in_charge(visitor.page)
            expect(visitor.page.locator(NEXT)).to_have_count(0)
            deployment.current = ServedPage(tmp_path / "next")
            # One tab stays on the old build, another one is opened: it has the new build with its first request.
            fresh = visitor.context.new_page()
            fresh.goto(url)
            expect(fresh.locator(NEXT)).to_be_attached()
            notice = visitor.toasts.filter(has_text="There is a new version of this page.")
            expect(notice).to_be_visible()
            expect(fresh.locator(".toast")).to_have_count(0)
            notice.get_by_role("button", name="Reload").click()
            expect(visitor.page.locator(NEXT)).to_be_attached()
            visitor.page.wait_for_function("async () => (await caches.keys()).some((name) => name.includes('next'))")
        # And without a server it is the new one, too.
        fresh.reload()
        expect(fresh.locator(NEXT)).to_be_attached()
        expect(fresh.locator("#root")).not_to_be_empty()
