"""What the gate lets into the log can be merged: yrs loses text when pieces overlap or deletions come out of order."""

import random

import pytest
from pycrdt import Doc, Text, merge_updates

from fuzz.frames import CLIENTS, hostile_frame
from mdreader.features.collab.content import Content
from mdreader.features.collab.gate import Gate, GateError, Kind
from mdreader.features.collab.protocol import FrameKind, decode
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import PLAIN
from mdreader.features.collab.varint import ProtocolError
from unit.yjs.build import gone, text, update

ANN = "ann"
START = update((1, 0, [text("abcdef")]))


def text_of(updates: list[bytes]) -> str:
    doc: Doc[Text] = Doc()
    content = doc.get("content", type=Text)
    for one in updates:
        doc.apply_update(one)
    return str(content)


def admitted(updates: list[bytes], user: str = ANN) -> list[bytes]:
    """What of `updates`, sent in this order, is applied and stored."""
    content = Content(Stored("document", "epoch", PLAIN, 0, 0, b"\0\0", {}, dict.fromkeys(CLIENTS, user), 0), 1_000_000)
    content.load(b"\0\0")
    log = []
    for one in updates:
        verdict = content.check(one, user)
        if verdict.kind is Kind.NEW:
            log.append(content.admit(one, verdict, reduce=False))
            content.apply(log[-1])
    assert content.body() == text_of(log)
    return log


def test_a_piece_that_overlaps_what_is_known_is_cut() -> None:
    log = admitted([START, update((1, 3, [text("DEFghi", (1, 2))]))])
    assert log == [START, update((1, 6, [text("ghi", (1, 5))]))]
    assert text_of([merge_updates(*log)]) == "abcdefghi"


def test_a_deleted_piece_that_overlaps_is_cut() -> None:
    log = admitted([START, update((1, 4, [gone(4, (1, 3))]), (2, 0, [text("x", (1, 7))]))])
    assert text_of([merge_updates(*log)]) == text_of(log) == "abcdefx"


def test_a_cut_inside_a_character_is_refused() -> None:
    gate = Gate({}, {})
    first = update((1, 0, [text("a")]))
    gate.commit(gate.check(first, ANN))
    with pytest.raises(GateError, match="middle of one character"):
        gate.check(update((1, 0, [text("😀b")])), ANN)


def test_deletions_out_of_order_are_put_in_order() -> None:
    log = admitted([START, update(deletes={1: [(4, 1), (0, 2), (1, 2)]}), update(deletes={1: [(5, 1)]})])
    assert text_of([merge_updates(*log)]) == text_of(log) == "d"


def test_what_hostile_editors_get_into_the_log_can_be_merged() -> None:
    taken = 0
    for seed in range(60):
        rng = random.Random(seed)
        content = Content(
            Stored("document", "epoch", PLAIN, 0, 0, b"\0\0", {}, dict.fromkeys(CLIENTS, ANN), 0), 1_000_000
        )
        content.load(b"\0\0")
        log: list[bytes] = []
        clocks: dict[int, int] = {}
        for _ in range(150):
            try:
                kind, body = decode(hostile_frame(rng, clocks, [START]))
                if kind not in {FrameKind.UPDATE, FrameKind.STEP2}:
                    continue
                verdict = content.check(body, ANN)
                if verdict.kind is Kind.NEW:
                    log.append(content.admit(body, verdict, reduce=kind is FrameKind.STEP2))
                    content.apply(log[-1])
                    clocks |= verdict.clocks
            except ProtocolError:
                continue
        taken += len(log)
        # Made-up neighbours are no history that anybody could have had: for such, the order of letters is that of arrival.
        letters = sorted(content.body())
        assert sorted(text_of(log)) == sorted(text_of([merge_updates(*log)])) == letters
        halves = [merge_updates(*log[: len(log) // 2 + 1]), *log[len(log) // 2 + 1 :]]
        assert sorted(text_of([merge_updates(*halves)])) == letters
    assert taken > 600
