"""What servers say of a row of keystrokes, against what the gate reads in the row itself."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from pycrdt import Doc, Text, TransactionEvent, merge_updates

from mdreader.features.collab.gate import Gate, Verdict
from mdreader.features.collab.keystrokes import MOST, encode_keystrokes, read_keystrokes
from mdreader.features.collab.varint import ProtocolError

People = dict[int, str]


class Person:
    """Types, and gives the updates."""

    def __init__(self, client: int, state: bytes | None = None) -> None:
        self.doc: Doc[Text] = Doc(client_id=client)
        self.content = self.doc.get("content", type=Text)
        if state is not None:
            self.doc.apply_update(state)
        self.made: list[bytes] = []
        self._subscription = self.doc.observe(self._keep)

    def _keep(self, event: TransactionEvent) -> None:
        self.made.append(event.update)

    def does(self, edit: Callable[[Text], None]) -> bytes:
        self.made.clear()
        edit(self.content)
        (update,) = self.made
        return update


def remove(start: int, end: int, text: Text) -> None:
    del text[start:end]


class Side:
    """A server's gate over the document that its rows make."""

    def __init__(self, people: People) -> None:
        self.doc: Doc[Text] = Doc()
        self.gate = Gate({}, dict(people), read_state=self.doc.get_update)

    def take(self, update: bytes, verdict: Verdict) -> None:
        self.gate.commit(verdict)
        self.doc.apply_update(update)


def described(updates: list[tuple[bytes, object, Verdict]]) -> bytes:
    said = encode_keystrokes(updates)
    assert said is not None
    return said


@pytest.fixture
def people() -> list[Person]:
    """Two people who have written a little, each under an id of their own."""
    first = Person(2**31 + 5)
    first.content += "begin"
    second = Person(77, first.doc.get_update())
    second.content += " é"
    first.doc.apply_update(second.doc.get_update())
    return [first, second]


@pytest.fixture
def sides(people: list[Person]) -> list[Side]:
    """Two servers that have what the people wrote."""
    made = [Side({person.doc.client_id: "ann" for person in people}) for _ in range(2)]
    state = people[0].doc.get_update()
    for side in made:
        side.take(state, side.gate.check(state, "ann"))
    return made


def let_in(side: Side, update: bytes) -> tuple[bytes, object, Verdict]:
    verdict = side.gate.check(update, "ann")
    side.take(update, verdict)
    return update, "somebody", verdict


@pytest.mark.parametrize("seed", range(20))
def test_it_says_of_a_row_what_reading_it_says(seed: int, people: list[Person], sides: list[Side]) -> None:
    chance = random.Random(seed)
    here, there = sides
    for _ in range(30):
        row = []
        for _ in range(chance.randint(1, 5)):
            person = chance.choice(people)
            text = str(person.content)
            at = chance.randrange(len(text))
            start, end = len(text[:at].encode()), len(text[: at + 1].encode())  # pycrdt counts bytes
            if len(text) > 5 and chance.random() < 0.3:
                update = person.does(partial(remove, start, end))
            else:
                update = person.does(
                    partial(Text.insert, index=start, value=chance.choice(["x", "é", "中文", "word "]))
                )
            row.append(let_in(here, update))
            for other in people:
                other.doc.apply_update(update)
        merged = merge_updates(*(update for update, _, _ in row))
        message = b"before" + described(row) + merged
        keystrokes, end = read_keystrokes(message, 6)
        assert message[end:] == merged
        said, read = there.gate.check_keystrokes(keystrokes), there.gate.check_stored(merged)
        assert said is not None
        assert (said.kind, said.clocks, said.new_clients, said.added_bytes, said.deletes, said.pairs, said.tidy) == (
            read.kind,
            read.clocks,
            read.new_clients,
            read.added_bytes,
            read.deletes,
            read.pairs,
            read.tidy,
        )
        assert spread(said) == spread(read)
        there.take(merged, said)
        assert there.gate.state_vector() == here.gate.state_vector()
    assert there.doc.get_update() == here.doc.get_update()


def spread(verdict: Verdict) -> set[tuple[int, int]]:
    return {
        (client, clock)
        for client, ranges in verdict.ranges.items()
        for start, end in ranges
        for clock in range(start, end)
    }


def test_a_row_that_does_not_fit_is_to_be_read(people: list[Person], sides: list[Side]) -> None:
    here, there = sides
    person = people[0]
    first = let_in(here, person.does(lambda text: text.insert(0, "a")))
    second = let_in(here, person.does(lambda text: text.insert(0, "b")))
    later, _ = read_keystrokes(described([second]), 0)
    assert there.gate.check_keystrokes(later) is None  # a letter before it is missing
    gone = let_in(here, person.does(partial(remove, 0, 1)))
    removed, _ = read_keystrokes(described([gone]), 0)
    assert there.gate.check_keystrokes(removed) is None  # what it deletes is
    for update, _, verdict in (first, second):
        there.take(update, verdict)
    assert there.gate.check_keystrokes(later) is None  # it is known
    assert there.gate.check_keystrokes(removed) is not None


@pytest.mark.parametrize("letters", ["🙂", "a🙂"])
def test_surrogate_pairs_are_read(letters: str, people: list[Person], sides: list[Side]) -> None:
    row = let_in(sides[0], people[0].does(lambda text: text.insert(0, letters)))
    assert encode_keystrokes([row]) is None


def test_what_is_more_than_keystrokes_is_read(people: list[Person], sides: list[Side]) -> None:
    here, _ = sides
    person = people[0]

    def replace(text: Text) -> None:
        with person.doc.transaction():
            del text[0:2]
            text.insert(0, "new")

    assert encode_keystrokes([let_in(here, person.does(replace))]) is None
    stranger = Person(1234, person.doc.get_update())
    assert encode_keystrokes([let_in(here, stranger.does(lambda text: text.insert(0, "x")))]) is None
    many = [let_in(here, person.does(lambda text: text.insert(0, "x"))) for _ in range(MOST + 1)]
    assert encode_keystrokes(many) is None
    assert encode_keystrokes(many[:MOST]) is not None


def test_what_is_cut_off_is_no_description(people: list[Person], sides: list[Side]) -> None:
    said = described([let_in(sides[0], people[0].does(lambda text: text.insert(0, "x")))])
    for size in range(len(said)):
        with pytest.raises(ProtocolError):
            read_keystrokes(said[:size], 0)
