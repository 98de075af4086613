"""Markdown that attacks, in a real browser and in every mode: nothing of it runs, covers, leads away or calls home."""

import httpx
import pytest
from playwright.sync_api import Route, expect

from support.attacks import DOCUMENTS, HEADINGS, RUN
from support.page import Visit, Visitor, new_place
from support.server import Server

FORBIDDEN = (
    "script, style, form, iframe, object, embed, button, textarea, select, base, meta, link, template, dialog, video, "
    "audio, area, input:not([type=checkbox]), [style*=fixed], [srcdoc], [popover], [autofocus], [onerror], [onclick]"
)
# Every document is drawn at once: nothing waits below the screen.
TALL = {"width": 1280, "height": 5000}


def harmless(visitor: Visitor, mode: str) -> None:
    """Nothing ran, nothing forbidden stands in the page, and the policy had nothing to stop."""
    page = visitor.page
    assert page.evaluate("window.__pwned") is None, mode
    # KaTeX and the editor place their own elements by style; the document's cannot.
    found = page.evaluate(
        """(forbidden) => [...document.querySelectorAll('.md-prose, .cm-content')].flatMap((root) =>
          [...root.querySelectorAll(forbidden)].filter((e) => !e.closest('.katex')).map((e) => e.outerHTML))""",
        FORBIDDEN,
    )
    assert found == [], mode
    assert visitor.troubles == [], mode
    assert len(visitor.context.pages) == 1, mode


def click_everything(visitor: Visitor, mode: str) -> None:
    """Click all that can be clicked; an honest address is left alone."""
    page = visitor.page
    where = page.url
    page.evaluate(
        """() => {
          for (const element of document.querySelectorAll('.md-prose *')) {
            const href = element.closest('a')?.getAttribute('href');
            if (href && /^(https?:|[^:]*$)/.test(href)) continue;
            element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
            element.dispatchEvent(new Event('focus'));
            element.click?.();
          }
        }"""
    )
    for link in page.locator(".cm-md-link-text").all():
        if not link.inner_text().startswith(("http", "www.")):
            link.click(modifiers=["Control"])
    assert page.url.split("#")[0] == where, mode
    page.keyboard.press("Escape")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_of_it_works(name: str, visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"attack.md": DOCUMENTS[name]})
    ada = visit(place.owner, viewport=TALL)

    def elsewhere(route: Route) -> None:
        """No name is looked up, whatever is asked for; the visitor's troubles have noted it."""
        route.abort()

    ada.context.route(lambda url: not url.startswith(server.url), elsewhere)
    ada.open_document(place, "attack.md")
    for mode in ("Edit", "Source", "Split", "Read"):
        ada.mode(mode)
        if mode in {"Split", "Read"}:
            headings = ada.page.locator(".md-prose").get_by_role("heading", level=2)
            for title in (*HEADINGS[name], "unclosed"):
                expect(headings.filter(has_text=title).first).to_be_attached()
            if name == "extras":
                expect(ada.page.locator(".md-prose .md-diagram img").last).to_be_visible()
                expect(ada.page.locator(".md-prose .katex").last).to_be_visible()
        else:
            expect(ada.editor).to_contain_text("unclosed")
        ada.page.wait_for_load_state("networkidle")
        harmless(ada, mode)
        click_everything(ada, mode)
        harmless(ada, mode)
    assert place.text("attack.md") == DOCUMENTS[name]


def test_names_are_text(visit: Visit, server: Server) -> None:
    evil = f"<img src=x onerror={RUN}>"
    place = new_place(server.url, {f"{evil}.md": "text", f"{evil}/{evil}.md": "text"}, owner=evil)
    place.request("PATCH", f"/api/workspaces/{place.workspace_id}", json={"name": evil})
    ada, ben = visit(place.owner), visit(place.member(name=evil))
    ada.open_document(place, f"{evil}.md")
    ben.open_document(place, f"{evil}.md")
    ben.write("hello")
    expect(ada.page.locator(".cm-peer-label")).to_have_text(evil[:32])
    expect(ada.button(f"Follow {evil}")).to_be_visible()
    expect(ada.page.get_by_role("heading", name=evil)).to_be_visible()
    ada.page.keyboard.press("Control+k")
    expect(ada.page.get_by_role("combobox")).to_be_focused()
    ada.page.keyboard.type("img")
    expect(ada.page.get_by_role("option").filter(has_text=evil).first).to_be_visible()
    ada.page.keyboard.press("Escape")
    ada.page.locator(".workspace-button").click()
    ada.page.get_by_role("menuitem", name="Members").click()
    expect(ada.page.get_by_role("dialog")).to_contain_text(f"Members of {evil}")
    for visitor in (ada, ben):
        harmless(visitor, "names")


def test_pasted_html_becomes_markdown_and_nothing_else(visit: Visit, server: Server) -> None:
    place = new_place(server.url, {"note.md": ""})
    ada = visit(place.owner)
    ada.open_document(place, "note.md")
    ada.editor.focus()
    html = f'<b>bold</b><img src=x onerror="{RUN}"><script>{RUN}</script><a href="javascript:{RUN}">link</a>'
    ada.editor.evaluate(
        """(editor, html) => {
          const data = new DataTransfer();
          data.setData('text/html', html);
          data.setData('text/plain', 'bold link');
          editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        html,
    )
    ada.shows("bold")
    ada.saved()
    harmless(ada, "paste")
    text = place.text("note.md")
    assert "**bold**" in text
    assert "script" not in text


@pytest.mark.parametrize(
    "path", ["/", "/login", "/w/nowhere/d/nothing", "/settings", "/api/config", "/api/nothing", "/assets/nothing.js"]
)
def test_the_policy_stands_on_every_answer(path: str, server: Server) -> None:
    answer = httpx.get(server.url + path, headers={"Accept": "text/html"}, timeout=60)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_policy_would_stop_what_got_through(visit: Visit, server: Server) -> None:
    """The second line holds by itself; and the tests above would see a violation."""
    ada = visit()
    ada.open("/login")
    ada.page.evaluate(
        """(run) => {
          document.body.insertAdjacentHTML('beforeend', `<img src=x onerror="${run}"><a id=bad href="javascript:${run}">x</a>`);
          document.body.append(Object.assign(document.createElement('script'), { textContent: run }));
          document.getElementById('bad').click();
        }""",
        RUN,
    )
    ada.until(lambda: sum(trouble.startswith("policy") for trouble in ada.troubles) >= 3, "three violations")
    assert ada.page.evaluate("window.__pwned") is None
    assert all("Content Security Policy" in trouble or "policy" in trouble for trouble in ada.troubles)
    ada.troubles.clear()
