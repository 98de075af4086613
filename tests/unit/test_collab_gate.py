"""What the gate lets through, rule by rule."""

import pytest
from pycrdt import Doc, Text

from mdreader.features.collab.gate import Gate, GateError, Kind, Limits, Verdict, clocks_of
from mdreader.features.collab.state_vector import decode_state_vector
from unit.yjs.build import ROOT, Section, gone, head, skip, text, uint, update

ANN, BOB = "ann", "bob"
HELLO = update((1, 0, [text("hello")]))


def gate_with(*updates: tuple[str, bytes], limits: Limits | None = None) -> Gate:
    gate = Gate({}, {}, limits)
    for user, data in updates:
        verdict = gate.check(data, user)
        assert verdict.kind is Kind.NEW
        gate.commit(verdict)
    return gate


@pytest.fixture
def gate() -> Gate:
    """A document of Ann's: "hello" under client id 1."""
    return gate_with((ANN, HELLO))


def refused(gate: Gate, data: bytes, user: str = BOB) -> str:
    before = (dict(gate.clocks), dict(gate.owners))
    with pytest.raises(GateError) as caught:
        gate.check(data, user)
    assert (gate.clocks, gate.owners) == before
    return caught.value.code


def applied(*updates: bytes) -> Doc[Text]:
    doc: Doc[Text] = Doc()
    doc.get("content", type=Text)
    for data in updates:
        doc.apply_update(data)
    return doc


def content(doc: Doc[Text]) -> str:
    return str(doc.get("content", type=Text))


def test_checking_changes_nothing_until_the_commit(gate: Gate) -> None:
    verdict = gate.check(update((2, 0, [text(" you", (1, 4))])), BOB)
    assert verdict.kind is Kind.NEW
    assert (verdict.clocks, verdict.new_clients, verdict.added_bytes, verdict.deletes) == ({2: 4}, (2,), 4, False)
    assert gate.clocks == {1: 5}
    assert gate.owners == {1: ANN}
    gate.commit(verdict)
    assert gate.clocks == {1: 5, 2: 4}
    assert gate.owners == {1: ANN, 2: BOB}
    assert decode_state_vector(gate.state_vector()) == {1: 5, 2: 4}


def test_nothing_and_what_is_known_are_told_apart(gate: Gate) -> None:
    assert gate.check(b"\x00\x00", BOB).kind is Kind.EMPTY
    assert gate.check(HELLO, BOB).kind is Kind.KNOWN
    assert gate.check(HELLO, BOB).clocks == {}


def test_a_deletion_is_new_once(gate: Gate) -> None:
    deletion = update(deletes={1: [(1, 2)]})
    verdict = gate.check(deletion, BOB)
    assert (verdict.kind, verdict.deletes, verdict.size) == (Kind.NEW, True, 1)
    gate.commit(verdict)
    assert gate.check(deletion, BOB).kind is Kind.KNOWN
    assert gate.check(update(deletes={1: [(1, 1), (2, 1)]}), ANN).kind is Kind.KNOWN
    assert gate.check(update(deletes={1: [(0, 2)]}), ANN).kind is Kind.NEW


def test_bytes_are_counted_as_utf8_and_clocks_as_utf16() -> None:
    verdict = Gate({}, {}).check(update((1, 0, [text("aé日😀")])), ANN)
    assert (verdict.added_bytes, verdict.clocks) == (10, {1: 5})
    overlap = gate_with((ANN, update((1, 0, [text("aé")]))))
    assert overlap.check(update((1, 0, [text("aé日😀")])), ANN).added_bytes == 7


def test_text_deleted_before_it_was_sent_adds_no_bytes(gate: Gate) -> None:
    verdict = gate.check(update((2, 0, [gone(3, (1, 4))])), BOB)
    assert (verdict.kind, verdict.added_bytes, verdict.clocks, verdict.deletes) == (Kind.NEW, 0, {2: 3}, True)
    gate.commit(verdict)
    assert gate.check(update(deletes={2: [(0, 3)]}), BOB).kind is Kind.KNOWN


@pytest.mark.parametrize(
    "data",
    [
        update((2, 0, [text("x", (1, 5))])),
        update((2, 0, [text("x", None, (1, 5))])),
        update((2, 0, [text("x", (7, 0))])),
        update((1, 6, [text("x", (1, 4))])),
        update((2, 1, [text("x", (1, 4))])),
        update((2, 0, [text("x"), skip(1), text("y")])),
        update((2, 0, [text("x"), skip(1)])),
        update((3, 0, [text("x", (2, 5))]), (2, 0, [text("y")])),
        update(deletes={1: [(4, 2)]}),
        update(deletes={7: [(0, 1)]}),
        update((2, 0, [text("x", (1, 4))]), deletes={2: [(1, 1)]}),
    ],
)
def test_what_builds_on_something_unknown_is_a_gap(gate: Gate, data: bytes) -> None:
    verdict = gate.check(data, ANN)
    assert verdict == Verdict(Kind.GAP, ANN, {}, (), 0, False, 0, {}, {}, True)


def test_a_hole_over_what_is_known_is_none(gate: Gate) -> None:
    data = update((1, 0, [text("he"), skip(3), text("!", (1, 4))]))
    verdict = gate.check(data, ANN)
    assert (verdict.kind, verdict.clocks) == (Kind.NEW, {1: 6})
    assert content(applied(HELLO, data)) == "hello!"
    assert gate.reduce(data, verdict) == update((1, 5, [text("!", (1, 4))]))


def test_the_end_of_a_known_run_may_be_new(gate: Gate) -> None:
    data = update((1, 0, [text("hello world")]))
    verdict = gate.check(data, ANN)
    assert (verdict.clocks, verdict.added_bytes) == ({1: 11}, 6)
    assert refused(gate, data, BOB) == "foreign_client"
    assert content(applied(HELLO, data)) == "hello world"


def test_nobody_writes_under_a_client_id_of_another(gate: Gate) -> None:
    assert refused(gate, update((1, 5, [text("x", (1, 4))])), BOB) == "foreign_client"
    assert refused(gate, update((2, 0, [text("x")]), (1, 5, [text("x", (1, 4))])), BOB) == "foreign_client"
    assert gate.check(update((1, 5, [text("x", (1, 4))])), ANN).kind is Kind.NEW


def test_a_client_id_with_text_but_no_owner_is_nobodys() -> None:
    gate = Gate({1: 5}, {}, read_state=applied(HELLO).get_update)
    assert refused(gate, update((1, 5, [text("x", (1, 4))])), ANN) == "foreign_client"


def test_a_user_may_bring_several_client_ids(gate: Gate) -> None:
    data = update((9, 0, [text("x", (8, 0))]), (8, 0, [text("y", (1, 4))]))
    assert gate.check(data, BOB).new_clients == (9, 8)


def test_client_ids_are_bounded() -> None:
    def bring(first: int, count: int) -> bytes:
        return update(*((client, 0, [text("x")]) for client in range(first, first + count)))

    gate = gate_with((ANN, bring(0, 3)), limits=Limits(max_new_clients=3, max_clients=5))
    assert refused(gate, bring(10, 4)) == "too_many_clients"
    assert refused(gate, bring(10, 3)) == "too_many_clients"
    assert gate.check(bring(10, 2), BOB).kind is Kind.NEW
    assert gate.check(update((0, 1, [text("x")])), ANN).kind is Kind.NEW


def test_pieces_are_bounded(gate: Gate) -> None:
    gate = gate_with((ANN, HELLO), limits=Limits(max_structs=3))
    assert refused(gate, update((2, 0, [text("x")] * 4))) == "too_many_structs"
    assert refused(gate, update((2, 0, [text("x")] * 2), (3, 0, [text("x")] * 2))) == "too_many_structs"
    assert refused(gate, update(deletes={1: [(0, 1)] * 4})) == "too_many_structs"
    assert gate.check(update((2, 0, [text("x")] * 3), deletes={1: [(0, 1)] * 3}), BOB).kind is Kind.NEW


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 6, 7, 8, 9, 11, 12, 31])
def test_only_text_is_content(gate: Gate, kind: int) -> None:
    assert refused(gate, update((2, 0, [head(kind, (1, 4)) + b"\x01\x01x"]))) == "unsupported_content"


@pytest.mark.parametrize(
    "struct",
    [
        head(4, parent=b"\x01\x05title") + b"\x01x",
        head(4, parent=b"\x01\x08content2") + b"\x01x",
        head(4, parent=b"\x00\x01\x00") + b"\x01x",
        bytes((4 | 0x20,)) + ROOT + b"\x01k\x01x",
        bytes((4 | 0xA0,)) + b"\x01\x04\x01x",
    ],
)
def test_only_the_text_named_content_is_there(gate: Gate, struct: bytes) -> None:
    assert refused(gate, update((2, 0, [struct]))) == "unsupported_type"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"a\x00b", "nul_character"),
        (b"\x00", "nul_character"),
        (b"\xff", "bad_utf8"),
        (b"\xc3", "bad_utf8"),
        (b"\xc0\x80", "bad_utf8"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "bad_utf8"),
        (b"\xf5\x80\x80\x80", "bad_utf8"),
        (b"a" * 130 + b"\xe2\x82", "bad_utf8"),
    ],
)
def test_text_is_utf8_without_nul(gate: Gate, raw: bytes, code: str) -> None:
    assert refused(gate, update((2, 0, [text(raw, (1, 4))]))) == code
    assert refused(gate, update((1, 5, [text(raw, (1, 4))])), ANN) == code


def test_a_struct_has_a_length(gate: Gate) -> None:
    for struct in (text(""), gone(0), skip(0)):
        assert refused(gate, update((2, 0, [struct]))) == "malformed"
    assert refused(gate, update((2, 0, []))) == "malformed"
    assert refused(gate, update(deletes={1: [(0, 0)]})) == "malformed"
    assert refused(gate, update(deletes={1: []})) == "malformed"
    assert refused(gate, update((2, 0, [bytes((0x8A, 1, 4, 1))]))) == "malformed"


def test_a_client_is_named_once(gate: Gate) -> None:
    twice: Section = (2, 0, [text("x")])
    assert refused(gate, update(twice, twice)) == "malformed"
    data = update(deletes={1: [(0, 1)]})
    assert refused(gate, data[:1] + b"\x02" + data[2:] * 2) == "malformed"


@pytest.mark.parametrize(
    "data",
    [
        update((2, 2**31 - 1, [text("x")])),
        update((2, 0, [gone(2**31)])),
        update((2, 0, [gone(2**31 - 2), gone(1), gone(1)])),
        update((2, 0, [gone(2**52)])),
        update((2, 0, [skip(2**31)])),
        update(deletes={1: [(2**31, 1)]}),
        update(deletes={1: [(0, 2**32)]}),
    ],
)
def test_clocks_stay_below_31_bits(gate: Gate, data: bytes) -> None:
    assert refused(gate, data) == "clock_overflow"


def test_the_last_clock_may_be_reached(gate: Gate) -> None:
    verdict = gate.check(update((2, 0, [gone(2**31 - 1)])), BOB)
    assert verdict.clocks == {2: 2**31 - 1}
    gate.commit(verdict)
    assert refused(gate, update((2, 2**31 - 1, [text("x", (2, 0))]))) == "clock_overflow"


def test_a_circle_is_refused(gate: Gate) -> None:
    two = update((3, 0, [text("x", (2, 0))]), (2, 0, [text("y", (3, 0))]))
    assert refused(gate, two) == "malformed"
    three = update(
        (4, 0, [text("x", (3, 0))]), (3, 0, [text("y", None, (2, 1))]), (2, 0, [text("z"), text("z", (4, 0))])
    )
    assert refused(gate, three) == "malformed"
    for beside in ((2, 0), (2, 5)):
        assert refused(gate, update((2, 0, [text("x", beside)]))) == "malformed"
        assert refused(gate, update((2, 0, [text("x", None, beside)]))) == "malformed"


def test_sections_may_need_one_another_in_turn(gate: Gate) -> None:
    turns = 500
    sections: list[Section] = [
        (3, 0, [text("a", (2, index)) for index in range(turns)]),
        (2, 0, [text("b", (1, 4)), *(text("b", (3, index)) for index in range(turns))]),
    ]
    data = update(*sections)
    verdict = gate.check(data, BOB)
    assert verdict.clocks == {3: turns, 2: turns + 1}
    assert content(applied(HELLO, data)) == "hello" + "ba" * turns + "b"


def test_a_long_chain_of_sections_is_followed(gate: Gate) -> None:
    length = 1000
    sections: list[Section] = [(client, 0, [text("x", (client - 1, 0))]) for client in range(length, 2, -1)]
    verdict = gate.check(update(*sections, (2, 0, [text("x", (1, 4))])), BOB)
    assert len(verdict.clocks) == length - 1


def test_nothing_follows_the_update(gate: Gate) -> None:
    for data in (update((2, 0, [text("x", (1, 4))])), update(deletes={1: [(0, 1)]}), b"\x00\x00"):
        assert refused(gate, data + b"\x00") == "trailing_bytes"


def test_every_cut_is_refused(gate: Gate) -> None:
    data = update((2, 0, [text("日本", (1, 4)), gone(3, (1, 0), (1, 1))]), deletes={1: [(0, 1), (2, 300)]})
    for size in range(len(data)):
        with pytest.raises(GateError):
            gate.check(data[:size], BOB)


@pytest.mark.parametrize("claimed", [2**20, 2**28, 2**31, 2**53 - 1])
def test_no_count_is_believed(gate: Gate, claimed: int) -> None:
    for data in (
        uint(claimed) + b"\x00",
        b"\x01" + uint(claimed) + b"\x02\x00" + text("x") + b"\x00",
        b"\x00" + uint(claimed),
        b"\x00\x01\x01" + uint(claimed) + b"\x00\x01",
        b"\x01\x01\x02\x00" + head(4) + uint(claimed) + b"x\x00",
    ):
        assert refused(gate, data) in {"malformed", "too_many_structs"}


def test_client_ids_have_at_most_53_bits(gate: Gate) -> None:
    assert gate.check(update((2**53 - 1, 0, [text("x")])), BOB).kind is Kind.NEW
    assert refused(gate, update((2**53, 0, [text("x")]))) == "malformed"


class WholeGate(Gate):
    """Never takes the short way."""

    def _check_insertion(self, update: bytes, user: str) -> Verdict | None:
        return None

    def _check_deletion(self, update: bytes, user: str) -> Verdict | None:
        return None


@pytest.mark.parametrize("client", [0x8000_0001, 2**32 - 1, 2**50, 77])
def test_keystrokes_take_the_same_rules_by_the_short_way(client: int) -> None:
    """The fast path and the whole check agree on each of these, whatever the width of the client id."""
    gate = gate_with((ANN, update((client, 0, [text("hello")]))))
    beside: list[bytes] = [
        text("x", (client, 4)),
        text("x", None, (client, 0)),
        text("xyz", (client, 1), (client, 2)),
        text("é", (client, 4)),
        text("😀", (client, 4)),
        text("x" * 127, (client, 4)),
        text("x" * 128, (client, 4)),
        text("x", (client, 5)),
        text("x\x00", (client, 4)),
        text(b"\xc3", (client, 4)),
        text("x"),
        gone(2, (client, 4)),
    ]
    cases = [
        (user, update((client, clock, [struct]))) for struct in beside for clock in (4, 5, 6) for user in (ANN, BOB)
    ]
    cases += [(BOB, update(deletes={client: [span]})) for span in [(0, 1), (0, 5), (4, 2), (5, 1), (0, 0)]]
    assert len({outcome(gate, user, data) for user, data in cases}) > 5
    for user, data in cases:
        whole = WholeGate(dict(gate.clocks), dict(gate.owners))
        assert outcome(gate, user, data) == outcome(whole, user, data)


def outcome(gate: Gate, user: str, data: bytes) -> str:
    try:
        return repr(gate.check(data, user))
    except GateError as error:
        return error.code


def test_a_stored_document_says_its_clocks() -> None:
    state = update((3, 0, [text("x😀", (1, 4))]), (1, 0, [text("hel"), gone(2, (1, 2))]), deletes={1: [(3, 2)]})
    assert clocks_of(state) == {3: 3, 1: 5}
    assert clocks_of(b"\x00\x00") == {}


@pytest.mark.parametrize("client", [2**32 - 1, 2**53 - 1])
def test_a_keystroke_takes_the_short_way(client: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading an update of any shape costs three times as much; letters and deletions must not need it, nor those beside emoji."""
    gate = gate_with((ANN, update((client, 0, [text("hello 😀 you")]))))
    monkeypatch.setattr(Gate, "_check_whole", lambda *_: pytest.fail("the long way was taken"))
    for data in (
        update((client, 12, [text("x", (client, 11))])),
        update((client, 12, [text("é", (client, 5), (client, 6))])),
        update((client, 12, [text("日本", None, (client, 8))])),
        update(deletes={client: [(6, 2)]}),
    ):
        assert gate.check(data, ANN).kind is Kind.NEW


def test_a_document_is_read_at_its_first_edit() -> None:
    doc = applied(HELLO, update(deletes={1: [(0, 1)]}))
    asked: list[bytes | None] = []

    def read_state(state_vector: bytes | None) -> bytes:
        asked.append(state_vector)
        return doc.get_update(state_vector)

    gate = Gate({1: 5}, {1: ANN}, read_state=read_state)
    assert gate.state_vector() == b"\x01\x01\x05"
    assert not asked
    assert gate.check(update(deletes={1: [(0, 1)]}), BOB).kind is Kind.KNOWN
    assert gate.check(update(deletes={1: [(0, 2)]}), BOB).kind is Kind.NEW
    assert asked == [b"\x01\x01\x05", None]


def test_a_state_vector_can_be_read_while_a_thread_lets_a_new_client_in(gate: Gate) -> None:
    reading = iter(gate.clocks.items())
    assert next(reading) == (1, 5)
    gate.commit(gate.check(update((2, 0, [text(" you", (1, 4))])), BOB))
    assert list(reading) == []
