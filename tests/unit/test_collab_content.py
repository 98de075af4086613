"""How large a document may become: what was let in counts from then on, applied or not."""

import pytest

from mdreader.features.collab.content import Content, TooLargeForRoomError
from mdreader.features.collab.diff import Edit
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import PLAIN
from unit.yjs.build import text, update


def test_a_rewrite_does_not_forget_what_waits_to_be_applied() -> None:
    stored = Stored("document", "epoch", PLAIN, 0, 0, b"\0\0", {}, {}, 0)
    content = Content(stored, max_bytes=100)
    content.load(stored.state)
    waiting = update((1, 0, [text("x" * 60)]))
    content.admit(waiting, content.check(waiting, "ann"), reduce=False)
    content.edit([Edit(0, 0, "y" * 10)])
    more = update((2, 0, [text("z" * 40)]))
    with pytest.raises(TooLargeForRoomError):
        content.check(more, "ann")
    content.apply(waiting)
    content.recount()
    with pytest.raises(TooLargeForRoomError):
        content.check(more, "ann")
    content.check(update((2, 0, [text("z" * 30)])), "ann")
