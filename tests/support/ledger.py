"""What people wrote in one document, who has seen it and what was acknowledged: what a crash may not take, nor bring back."""

import re
from dataclasses import dataclass, field

from pycrdt import Doc, Text, TextEvent

# Each piece of writing is unlike any other, and begins and ends as no piece of another kind does: a minimal diff then never
# shares letters between a typed piece and one that was put over HTTP.
_PIECE = re.compile(r"\[t\d+\.\d+ [^\]]+\]|\{p\d+\.\d+ [^}]+\}")
_WORDS = ("word", "é", "日本語", "👍🏽", "Zürich\n", "a😀b", "x" * 40, "\t")


def piece(kind: str, author: int, number: int) -> str:
    """The `number`-th piece of an author who types (`t`) or uses HTTP (`p`)."""
    inside = f"{kind}{author}.{number} {_WORDS[number % len(_WORDS)]}"
    return f"[{inside}]" if kind == "t" else f"{{{inside}}}"


def pieces_in(text: str) -> list[str]:
    """All pieces of a text, in order."""
    return _PIECE.findall(text)


def boundaries(text: str) -> list[int]:
    """Character positions between pieces, the two ends included."""
    return [0, *(match.end() for match in _PIECE.finditer(text))]


class Copy:
    """A client's copy of the document, over all its connections: what came in, and from whom."""

    def __init__(self) -> None:
        self.doc: Doc[Text] = Doc()
        self.content = self.doc.get("content", type=Text)
        self.own: set[str] = set()
        self.received: set[str] = set()
        self._watching = self.content.observe(self._on_event)

    def _on_event(self, event: TextEvent) -> None:
        for part in event.delta:  # type: ignore[attr-defined]
            self.received.update(pieces_in(part.get("insert", "")))

    @property
    def text(self) -> str:
        return str(self.content)

    @property
    def from_others(self) -> set[str]:
        """Pieces of other people that came in at some time."""
        return self.received - self.own


@dataclass
class Ledger:
    """One document. Sets of pieces; `copies` are the clients' own."""

    copies: list[Copy] = field(default_factory=list)
    written: set[str] = field(default_factory=set)  # sent, or about to be
    saved: set[str] = field(default_factory=set)  # acknowledged: a saved marker, or 200
    read: set[str] = field(default_factory=set)  # answered to a GET
    refused: set[str] = field(default_factory=set)  # 412
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)  # acknowledged

    def required(self) -> set[str]:
        """What must be stored: acknowledged or seen by a second client, and nobody began to delete it."""
        seen = set().union(self.read, *(copy.from_others for copy in self.copies))
        return (self.saved | seen) - self.deleting

    def forbidden(self) -> set[str]:
        """What may not be stored: refused, or its deletion was acknowledged or seen by a second client."""
        gone = set().union(*(copy.from_others - set(pieces_in(copy.text)) for copy in self.copies))
        return self.deleted | self.refused | gone

    def unacknowledged(self) -> tuple[int, int]:
        """Typed pieces that were not acknowledged: those that a second client has seen, and those that nobody has."""
        typed = set().union(*(copy.own for copy in self.copies)) - self.saved
        seen = set().union(self.read, *(copy.from_others for copy in self.copies))
        return len(typed & seen), len(typed - seen)

    def check(self, text: str) -> None:
        """Raise AssertionError when `text` lacks what it must have, has what it must not, or anything twice or in part."""
        found = pieces_in(text)
        there = set(found)
        assert "".join(found) == text, f"pieces are broken: {_PIECE.sub('', text)[:200]!r} is left"
        assert len(found) == len(there), f"doubled: {sorted(one for one in there if found.count(one) > 1)[:5]}"
        assert not self.required() - there, f"lost: {sorted(self.required() - there)[:5]}"
        assert not self.forbidden() & there, f"came back: {sorted(self.forbidden() & there)[:5]}"
        assert there <= self.written, f"nobody wrote {sorted(there - self.written)[:5]}"
