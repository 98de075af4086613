"""People in front of the page: a browser context each, and what a person does there over and over."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, expect

from support.http import PASSWORD, Person, signed_up_at

# Violations of the content security policy, whoever causes them. Chromium also reports what a parser meets in a tree
# that stands in no page, as every sanitiser has one; it is told from the rest by what stands in the page afterwards.
_WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', ({ effectiveDirective: directive, blockedURI, sample, target }) => {
  const handlers = target instanceof Element && target.getAttributeNames().some((name) => name.startsWith('on'));
  if (directive === 'script-src-attr' && !handlers) return;
  if (directive === 'base-uri' && !document.querySelector('base')) return;
  window.__violation(`${directive}: ${blockedURI} ${sample}`.trim());
});
"""
# Messages go after five or ten seconds: a busy machine may take longer to look. No test is about anything else that waits so.
_MESSAGES_STAY = """
{
  const later = window.setTimeout;
  window.setTimeout = (run, ms, ...rest) => later(run, ms === 5000 || ms === 10000 ? 60000 : ms, ...rest);
}
"""
_EXPECTED_ERRORS = (
    "Failed to load resource",  # every answer above 399, and every request without a network
    "WebSocket connection",
    "Executing inline event handler violates",  # the policy's, reported above
    "Setting the document's base URI",
)

# Long enough for a busy machine; nothing waits that long when all is well.
PATIENCE_MS = 60_000

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser of their own. `troubles` holds what must never happen in the page."""

    url: str
    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        """Go to an address of the page."""
        self.page.goto(self.url + path)

    def open_document(self, place: "Place", path: str) -> None:
        """Go to a document, and wait until it is shared."""
        self.open(place.document_path(path))
        self.ready()

    def ready(self) -> None:
        """Wait until the open document is connected."""
        expect(self.state).to_have_attribute("data-kind", re.compile("live|saved|readonly"))

    @property
    def state(self) -> Locator:
        """The line that says how it stands with the connection."""
        return self.page.locator(".doc-state")

    @property
    def title(self) -> Locator:
        """The name over the open document. Not just any heading: one of its text may say the same."""
        return self.page.locator("h1.doc-name")

    @property
    def editor(self) -> Locator:
        return self.page.get_by_role("textbox", name="Document text")

    @property
    def tree(self) -> Locator:
        return self.page.get_by_role("tree", name="Document tree")

    def row(self, name: str) -> Locator:
        """A row of the tree."""
        return self.tree.get_by_role("treeitem", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def dialog(self, name: str) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    @property
    def toasts(self) -> Locator:
        return self.page.locator(".toast")

    def toast(self, text: str) -> Locator:
        """The message that says `text`: others may stand beside it."""
        return self.toasts.filter(has_text=text)

    def mode(self, name: str) -> None:
        """Switch to Edit, Source, Split or Read."""
        self.page.get_by_role("group", name="View").get_by_role("button", name=name, exact=True).click()
        expect(self.page.locator(".doc")).to_have_attribute("data-mode", name.lower())

    def write(self, text: str, *, at: str = "Control+End") -> None:
        """Type at the end of the document, or wherever the key `at` leads."""
        self.editor.focus()
        self.page.keyboard.press(at)
        self.page.keyboard.type(text)

    def saved(self) -> None:
        """Wait until the page says that the server has everything typed before; a tap may not have reached the page yet."""
        expect(self.state).to_have_attribute("data-kind", "saved")

    def shows(self, text: str) -> None:
        """Wait until a line of the editor holds `text`, with the very spaces at its ends: others may write beside them."""
        expect(self.editor).to_contain_text(re.compile(re.escape(text)))

    def reads(self, *lines: str) -> None:
        """Wait until these are the lines of the editor, all of them; for a short document whose marks are not hidden."""
        whole = [re.compile(f"^{re.escape(line)}$") for line in lines]
        expect(self.page.locator(".cm-content .cm-line")).to_have_text(whole)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what no element of the page says; what the page asks of the test is answered meanwhile."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not condition():
            assert time.monotonic() < deadline, f"no {what} within {PATIENCE_MS} ms"
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def copies(self, button: Locator, text: str) -> str:
        """Press a button that copies `text` or more; what it copied. The browser has it later than the press."""
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate("navigator.clipboard.writeText('')")
        button.click()
        read = "navigator.clipboard.readText()"
        self.until(lambda: text in self.page.evaluate(read), f"clipboard with {text!r}")
        return str(self.page.evaluate(read))


Visit = Callable[..., Visitor]


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with documents, made through the API."""

    url: str
    owner: Person
    workspace_id: str
    documents: dict[str, str]

    def document_path(self, path: str) -> str:
        return f"/w/{self.workspace_id}/d/{self.documents[path]}"

    @property
    def path(self) -> str:
        return f"/w/{self.workspace_id}"

    def request(self, method: str, path: str, person: Person | None = None, **options: Any) -> httpx.Response:
        """Call the API as its owner, or as `person`; raises for an error status."""
        headers = {**(person or self.owner).headers, **options.pop("headers", {})}
        response = httpx.request(method, self.url + path, headers=headers, timeout=60, **options)
        response.raise_for_status()
        return response

    def add(self, path: str, content: str = "") -> str:
        """The id of a new document."""
        body = {"path": path, "content": content}
        made = self.request("POST", f"/api/workspaces/{self.workspace_id}/documents", json=body).json()
        self.documents[path] = made["id"]
        return str(made["id"])

    def member(self, role: str = "editor", name: str | None = None) -> Person:
        """Somebody new who is a member."""
        person = signed_up_at(self.url, name=name)
        body = {"email": person.email, "role": role}
        self.request("POST", f"/api/workspaces/{self.workspace_id}/members", json=body)
        return person

    def text(self, path: str) -> str:
        """A document's text as the server gives it, byte for byte."""
        content = self.request("GET", f"/api/documents/{self.documents[path]}").json()["content"]
        return str(content)

    def until_text(self, path: str, text: str) -> None:
        """Wait until this is the document's text on the server: the page may show a change before it is sent."""
        _until(lambda: self.text(path), text)

    def until_paths(self, *paths: str) -> None:
        """Wait until the server has these documents and no others, in any order: the page shows a change before it is made."""
        _until(lambda: sorted(self.paths()), sorted(paths))

    def paths(self) -> list[str]:
        items = self.request("GET", f"/api/workspaces/{self.workspace_id}/documents").json()["items"]
        return [item["path"] for item in items]


def _until(read: Callable[[], object], wanted: object) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (found := read()) != wanted:
        assert time.monotonic() < deadline, f"still {found!r} instead of {wanted!r}"


def new_place(url: str, documents: dict[str, str] | None = None, *, owner: str | None = None) -> Place:
    """A new owner with a new workspace that holds `documents` (path to text)."""
    person = signed_up_at(url, name=owner)
    response = httpx.post(f"{url}/api/workspaces", json={"name": "Handbook"}, headers=person.headers, timeout=60)
    response.raise_for_status()
    place = Place(url, person, str(response.json()["id"]), {})
    for path, content in (documents or {}).items():
        place.add(path, content)
    return place


def log_in(context: BrowserContext, url: str, person: Person) -> None:
    """Give a browser context the session cookies of `person`."""
    body = {"email": person.email, "password": PASSWORD}
    response = context.request.post(f"{url}/api/auth/login?session=cookie", data=body)
    assert response.ok, response.text()


@contextmanager
def visiting(browser: Browser, url: str, person: Person | None = None, **options: Any) -> Iterator[Visitor]:
    """A visitor, logged in when `person` is given; `options` are those of a browser context.

    Without the service worker, unless `service_workers="allow"`: each context would have it fetch the whole page again.
    """
    usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "service_workers": "block"}
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(PATIENCE_MS)
    try:
        if person:
            log_in(context, url, person)
        visitor = Visitor(url, context, context.new_page())
        watch(visitor)
        yield visitor
    finally:
        context.close()


def watch(visitor: Visitor) -> None:
    """Collect what must never happen: script errors, dialogs of the browser, requests to others, broken policy.

    And give whoever watches the time to read what the page says.
    """
    own = urlsplit(visitor.url).netloc

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED_ERRORS):
            visitor.troubles.append(f"console: {message.text}")

    def dialog(shown: Dialog) -> None:
        visitor.troubles.append(f"dialog: {shown.type} {shown.message}")
        shown.dismiss()

    def request(made: Request) -> None:
        parts = urlsplit(made.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != own:
            visitor.troubles.append(f"request: {made.url}")

    visitor.context.expose_function("__violation", lambda text: visitor.troubles.append(f"policy: {text}"))
    visitor.context.add_init_script(_WATCH_POLICY)
    visitor.context.add_init_script(_MESSAGES_STAY)
    page = visitor.page
    page.on("console", console)
    page.on("pageerror", lambda error: visitor.troubles.append(f"error: {error}"))
    page.on("dialog", dialog)
    page.on("request", request)
