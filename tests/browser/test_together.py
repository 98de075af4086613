"""Two people in one document: what is mine stays mine, nothing jumps, every character survives."""

import re

import pytest
from playwright.sync_api import Locator, expect

from support.page import Place, Visit, Visitor, new_place
from support.server import Server


def pair(visit: Visit, server: Server, text: str) -> tuple[Place, Visitor, Visitor]:
    """Ada and Ben with `note.md` open."""
    place = new_place(server.url, {"note.md": text}, owner="Ada")
    visitors = visit(place.owner), visit(place.member(name="Ben"))
    for visitor in visitors:
        visitor.open_document(place, "note.md")
    return place, *visitors


def same(place: Place, *visitors: Visitor, text: str) -> None:
    """Everybody shows `text`, and the server has it."""
    for visitor in visitors:
        visitor.reads(*text.split("\n"))
        visitor.ready()
    assert place.text("note.md") == text


def test_undo_takes_back_my_own_edits_only(visit: Visit, server: Server) -> None:
    place, ada, ben = pair(visit, server, "start\n")
    for visitor in (ada, ben):
        visitor.mode("Source")
    # Each at a stroke: of what is typed, only what followed quickly is taken back together.
    ada.write("")
    ada.page.keyboard.insert_text("from ada")
    ben.shows("from ada")
    ben.write("", at="Control+Home")
    ben.page.keyboard.insert_text(" from ben")
    ada.shows(" from benstart")
    ada.page.keyboard.press("Control+z")
    ben.saved()
    same(place, ada, ben, text=" from benstart\n")
    ada.page.keyboard.press("Control+Shift+Z")
    same(place, ada, ben, text=" from benstart\nfrom ada")
    ben.page.keyboard.press("Control+z")
    same(place, ada, ben, text="start\nfrom ada")


def test_undo_puts_my_cursor_back(visit: Visit, server: Server) -> None:
    _place, ada, _ben = pair(visit, server, "one\ntwo\nthree")
    ada.mode("Source")
    ada.write("!", at="Control+Home")
    ada.page.keyboard.press("Control+End")
    ada.page.keyboard.press("Control+z")
    ada.page.keyboard.type("here ")
    ada.shows("here one")


@pytest.mark.parametrize("mode", ["Edit", "Source"])
def test_what_i_read_stays_put_when_others_write_above(mode: str, visit: Visit, server: Server) -> None:
    text = "\n\n".join(f"paragraph {number}" for number in range(1, 301))
    _place, ada, ben = pair(visit, server, text)
    for visitor in (ada, ben):
        visitor.mode(mode)
    line = scrolled_to(ada, "paragraph 150")
    before = line.bounding_box()
    assert before is not None
    top = ada.page.locator(".cm-scroller").evaluate("(scroller) => scroller.scrollTop")
    # What comes while the page is busy comes in one frame: each line moves what is read, and none may be forgotten.
    ada.page.evaluate(
        "void setTimeout(() => { for (const end = performance.now() + 400; performance.now() < end; ); })"
    )
    ben.write("# New\n\n", at="Control+Home")
    for more in ("above", "all", "of it"):
        ben.page.keyboard.insert_text(f"{more}\n\n")
    # Not its height, which is an estimate that becomes better while one looks.
    ada.page.wait_for_function("(top) => document.querySelector('.cm-scroller').scrollTop > top + 100", arg=top)
    # The editor measures what is new in frames of its own, a busy machine in more of them.
    ada.page.wait_for_function(
        """([text, y]) => [...document.querySelectorAll('.cm-line')].some(
            (line) => line.textContent === text && Math.abs(line.getBoundingClientRect().y - y) < 8)""",
        arg=["paragraph 150", before["y"]],
    )


def settle(visitor: Visitor) -> None:
    """Wait until what is known has been drawn."""
    visitor.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def scrolled_to(visitor: Visitor, text: str) -> Locator:
    """Turn the wheel until the line that says `text` is in sight, then bring it to the middle."""
    visitor.editor.hover()
    line = visitor.page.locator(".cm-line").filter(has_text=re.compile(f"^{text}$"))
    for _ in range(200):
        if line.is_visible():
            break
        visitor.page.mouse.wheel(0, 300)
        settle(visitor)
    line.evaluate("(line) => line.scrollIntoView({ block: 'center' })")
    # The editor measures what came into sight, and the wheel may still turn.
    line.evaluate(
        """(line) => new Promise((done) => {
          let before, frames = 0;
          const look = () => {
            const { y } = line.getBoundingClientRect();
            frames = y === before ? frames + 1 : 0;
            before = y;
            if (frames < 10) requestAnimationFrame(look);
            else done();
          };
          look();
        })"""
    )
    return line


def test_emoji_and_line_ends_stay_exact(visit: Visit, server: Server) -> None:
    family = "👩‍👩‍👧"
    place, ada, ben = pair(visit, server, f"# Grüße {family}\r\n\r\nEnde\r\n")
    for visitor in (ada, ben):
        visitor.mode("Source")
    ada.editor.focus()
    ada.page.keyboard.press("Control+Home")
    ada.page.keyboard.press("End")
    ada.page.keyboard.insert_text("🇫🇷é")
    ben.shows(f"{family}🇫🇷é")
    ben.write("😀")
    ben.page.keyboard.press("Enter")
    ben.page.keyboard.insert_text("שלום 世界")
    ada.shows("שלום 世界")
    for visitor in (ada, ben):
        visitor.saved()
    assert place.text("note.md") == f"# Grüße {family}🇫🇷é\r\n\r\nEnde\r\n😀\r\nשלום 世界"
    # One key takes the whole of an emoji away, in the text of both.
    ada.page.keyboard.press("Control+Home")
    ada.page.keyboard.press("End")
    for _ in range(3):
        ada.page.keyboard.press("Backspace")
    expect(ben.editor).not_to_contain_text(family)
    ada.saved()
    assert place.text("note.md") == "# Grüße \r\n\r\nEnde\r\n😀\r\nשלום 世界"


def test_mixed_line_ends_and_odd_characters_are_left_alone(visit: Visit, server: Server) -> None:
    odd = "\ufeffone\r\ntwo\nthree\u2028four\u0085five\ttab\u00a0nbsp\r"
    place, ada, ben = pair(visit, server, odd)
    ada.mode("Source")
    ada.page.locator(".cm-line", has_text="two").click()
    ada.page.keyboard.press("End")
    ada.page.keyboard.type(" 2")
    ben.shows("two 2")
    ada.saved()
    assert place.text("note.md") == odd.replace("two", "two 2")


def test_a_write_through_the_api_is_seen_at_once(visit: Visit, server: Server) -> None:
    place, ada, _ben = pair(visit, server, "# Title\n\nold text\n")
    ada.write("mine", at="Control+End")
    ada.saved()
    url = f"/api/documents/{place.documents['note.md']}"
    etag = place.request("GET", url).headers["etag"]
    headers = {"If-Match": etag, "Content-Type": "text/markdown"}
    place.request("PUT", f"{url}/content", content=b"# Title\n\nnew text\nmine", headers=headers)
    ada.shows("new text")
    ada.page.keyboard.type(" and more")
    ada.saved()
    assert place.text("note.md") == "# Title\n\nnew text\nmine and more"


def test_a_task_ticked_in_the_reading_view_is_ticked_for_everybody(visit: Visit, server: Server) -> None:
    place, ada, ben = pair(visit, server, "- [ ] milk\n- [x] bread\n")
    ada.mode("Read")
    ada.page.locator(".doc-preview").get_by_role("checkbox").first.click()
    ben.mode("Source")
    ben.shows("- [x] milk")
    ada.saved()
    assert place.text("note.md") == "- [x] milk\n- [x] bread\n"
