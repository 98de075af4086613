"""Genuine updates through the gate: none may be refused, and all ways of keeping them must give Yjs' text."""

from collections.abc import Iterator

from pycrdt import Doc, Text

from mdreader.features.collab.gate import Gate, Kind, clocks_of
from mdreader.features.collab.state_vector import decode_state_vector
from unit.yjs.histories import History, generate, replay

_BATCH = 100
_RELOAD_EVERY = 17


def check_histories(count: int, seed: int) -> int:
    """Check `count` generated histories; gives the number of updates that passed. Raises on the first that does not."""
    passed = 0
    for first in range(0, count, _BATCH):
        histories = list(generate(min(_BATCH, count - first), seed + first))
        kept = [bytes_kept for history in histories for bytes_kept in _check(history)]
        for history, replayed in zip((history for history in histories for _ in range(2)), replay(kept), strict=True):
            assert (replayed.text, replayed.clocks, replayed.pending) == (history.text, history.clocks, False)
        passed += sum(len(history.sent) for history in histories)
    return passed


def _document() -> Doc[Text]:
    doc: Doc[Text] = Doc()
    doc.get("content", type=Text)
    return doc


def _check(history: History) -> Iterator[list[bytes]]:
    """Send one history through the gate; gives what a log and a snapshot would keep of it, for Yjs to read."""
    live, reduced, pieced = _document(), _document(), _document()
    gate = Gate({}, {}, read_state=live.get_update)
    log: list[bytes] = []
    for number, (user, update) in enumerate(history.sent, 1):
        verdict = gate.check(update, user)
        assert verdict.kind is not Kind.GAP
        if verdict.kind is Kind.NEW:
            news = gate.reduce(update, verdict)
            log.append(news)
            reduced.apply_update(news)
            for piece in gate.pieces(update, verdict, size=2):
                pieced.apply_update(piece)
            live.apply_update(update)
            gate.commit(verdict)
        else:
            before = live.get_update()
            live.apply_update(update)
            assert live.get_update() == before
        if number % _RELOAD_EVERY == 0:
            gate = Gate(dict(gate.clocks), dict(gate.owners), read_state=live.get_update)
    for doc in (live, reduced, pieced):
        assert str(doc.get("content", type=Text)) == history.text
        assert decode_state_vector(doc.get_state()) == history.clocks == gate.clocks
    snapshot = live.get_update()
    assert clocks_of(snapshot) == history.clocks
    yield log
    yield [snapshot]
