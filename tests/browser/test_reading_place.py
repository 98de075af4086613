"""Who changes the way a document is shown goes on reading where they were."""

import pytest

from support.page import Place, Visit, Visitor, new_place
from support.server import Server

# A screen shows more than a dozen: who finds the paragraph within these goes on reading.
NEAR = 4
# Paragraphs that are as high as each other in every view, and say their number.
PARAGRAPHS = 300
TEXT = "\n\n".join(f"paragraph {number}" for number in range(1, PARAGRAPHS + 1))
# The number of the first paragraph whose top is at or below the scroller's.
AT_TOP = """(scroller) => {
  const top = document.querySelector(scroller).getBoundingClientRect().top;
  for (const line of document.querySelectorAll(`${scroller} :is(p, .cm-line)`)) {
    const found = /^paragraph (\\d+)$/.exec(line.textContent ?? '');
    if (found && line.getBoundingClientRect().top >= top - 2) return Number(found[1]);
  }
  return 0;
}"""
SCROLLER = {"Edit": ".cm-scroller", "Read": ".doc-preview"}


@pytest.fixture
def ada(server: Server, visit: Visit) -> Visitor:
    place: Place = new_place(server.url, {"long.md": TEXT})
    visitor = visit(place.owner)
    visitor.open_document(place, "long.md")
    return visitor


def at_top(visitor: Visitor, mode: str) -> int:
    return int(visitor.page.evaluate(AT_TOP, SCROLLER[mode]))


def until_at(visitor: Visitor, mode: str, paragraph: int) -> None:
    visitor.until(lambda: abs(at_top(visitor, mode) - paragraph) <= NEAR, f"paragraph {paragraph} at the top of {mode}")


@pytest.mark.parametrize("by_split", [False, True], ids=["at once", "by the split view"])
def test_the_place_is_kept_between_writing_and_reading(ada: Visitor, *, by_split: bool) -> None:
    ada.page.locator(SCROLLER["Edit"]).evaluate("(it) => it.scrollTo(0, it.scrollHeight / 2)")
    ada.until(lambda: at_top(ada, "Edit") > PARAGRAPHS / 3, "middle of the text")
    for before, after in (("Edit", "Read"), ("Read", "Edit")):
        paragraph = at_top(ada, before)
        if by_split:
            ada.mode("Split")
            for half in SCROLLER:
                until_at(ada, half, paragraph)
        ada.mode(after)
        until_at(ada, after, paragraph)
