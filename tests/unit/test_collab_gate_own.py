"""What the server itself wrote is taken note of, not judged: the gate is to know exactly what it would know had it judged it."""

import random
from functools import partial

import pytest

from mdreader.features.collab.content import SERVER, Content
from mdreader.features.collab.diff import Edit
from mdreader.features.collab.gate import Gate, GateError, Kind, clocks_of
from mdreader.features.collab.replica import EMPTY_STATE_VECTOR, Replica, seed_update
from mdreader.features.collab.storage import Stored
from mdreader.features.collab.text import PLAIN

LETTERS = ("a", "bc", "é", "日本", "😀", "x😀y😀", "\n")


def some_edits(rng: random.Random, text: str) -> list[Edit]:
    """One to four edits from left to right, with indices in UTF-8 bytes as of the text after those before."""
    edits: list[Edit] = []
    at = shift = 0
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(at, len(text))
        end = min(len(text), at + rng.randint(0, 3))
        inserted = rng.choice(("", *LETTERS))
        deleted = len(text[at:end].encode())
        if deleted or inserted:
            edits.append(Edit(len(text[:at].encode()) + shift, deleted, inserted))
            shift += len(inserted.encode()) - deleted
        at = end
    return edits


def state_of(replica: Replica, vector: bytes | None) -> bytes:
    """As a document's content answers its gate."""
    return replica.state(vector or EMPTY_STATE_VECTOR)


def known(gate: Gate) -> tuple[object, ...]:
    """All that a gate has learned."""
    return (
        gate.clocks,
        gate.owners,
        {client: (list(starts), list(ends)) for client, (starts, ends) in gate._deleted._spans.items()},
        # Of text that is gone nothing but its place is left in the document, which a gate that looks late learns from.
        {
            (client, pair)
            for client, pairs in gate._pairs.items()
            for pair in pairs
            if not gate._deleted.covers(client, pair, pair + 1)
        },
    )


@pytest.mark.parametrize("looked_before", [True, False])
def test_it_knows_what_it_would_know_had_it_judged_it(looked_before: bool) -> None:
    written = 0
    for seed in range(150):
        rng = random.Random(seed)
        state = seed_update("".join(rng.choices(LETTERS, k=12)))
        assert state is not None
        content = Content(Stored("document", "epoch", PLAIN, 1, 1, state, clocks_of(state), {}, 1), 1_000_000)
        content.load(state)
        replica = Replica(state)
        judge = Gate(clocks_of(state), {}, read_state=partial(state_of, replica))
        if looked_before:
            assert content.check(state, "ann").kind is judge.check(state, "ann").kind is Kind.KNOWN
        for _ in range(12):
            edits = some_edits(rng, content.body())
            if not edits:
                continue
            update, new_clients = content.edit(edits)
            verdict = judge.check(update, SERVER)
            assert verdict.kind is Kind.NEW
            judge.commit(verdict)
            replica.apply(update)
            assert new_clients == verdict.new_clients
            assert replica.text() == content.body()
            written += 1
            if rng.random() < 0.1:
                assert content.check(update, "ann").kind is Kind.KNOWN  # from here on it knows what is deleted
        content.check(state, "ann")
        judge.check(state, "ann")
        assert known(content._gate) == known(judge)
    assert written > 1000


def test_nobody_may_go_on_under_the_servers_client_id_or_split_what_it_wrote() -> None:
    content = Content(Stored("document", "epoch", PLAIN, 0, 0, b"\0\0", {}, {}, 0), 1_000_000)
    content.load(b"\0\0")
    update, (client,) = content.edit([Edit(0, 0, "one😀")])
    other = Replica(update, client_id=client)
    further = other.edit([Edit(0, 0, "x")])
    with pytest.raises(GateError, match="not this user's"):
        content.check(further, "ann")
    assert content._gate.owners == {client: SERVER}
    assert list(content._gate._pairs[client]) == [4]
