"""Characters of two UTF-16 units. yrs counts in units but cannot cut one: whoever cuts there corrupts the clocks."""

import pytest
from pycrdt import Doc, Text

from mdreader.features.collab.gate import Gate, GateError, Kind
from mdreader.features.collab.state_vector import decode_state_vector
from unit.yjs.build import Section, text, update
from unit.yjs.histories import replay

ANN, BOB = "ann", "bob"
SMILE = update((1, 0, [text("ab😀cd")]))


def document(*updates: bytes) -> Doc[Text]:
    doc: Doc[Text] = Doc()
    doc.get("content", type=Text)
    for data in updates:
        doc.apply_update(data)
    return doc


@pytest.fixture(params=["written here", "loaded"])
def gate(request: pytest.FixtureRequest) -> Gate:
    if request.param == "loaded":
        return Gate({1: 6}, {1: ANN}, read_state=document(SMILE).get_update)
    gate = Gate({}, {})
    gate.commit(gate.check(SMILE, ANN))
    return gate


@pytest.mark.parametrize(
    "data",
    [
        update((2, 0, [text("x", (1, 2))])),
        update((2, 0, [text("x", None, (1, 3))])),
        update((2, 0, [text("x", (1, 2), (1, 3))])),
        update((2, 0, [text("x", (1, 1), (1, 3))])),
        update(deletes={1: [(3, 1)]}),
        update(deletes={1: [(2, 1)]}),
        update(deletes={1: [(0, 3)]}),
        update((2, 0, [text("😀😀"), text("x", (2, 2))])),
        update((2, 0, [text("😀😀")]), deletes={2: [(0, 1)]}),
        update((1, 0, [text("abc😀cd")])),
    ],
)
def test_nothing_goes_through_the_middle_of_a_character(gate: Gate, data: bytes) -> None:
    user = ANN if data[2] == 1 and data[0] else BOB
    if data == update((1, 0, [text("abc😀cd")])):
        gate = Gate({}, {})
        gate.commit(gate.check(update((1, 0, [text("abcd")])), ANN))
    with pytest.raises(GateError) as caught:
        gate.check(data, user)
    assert caught.value.code == "split_surrogate"


def test_not_even_text_that_is_known_may_claim_to_stand_there(gate: Gate) -> None:
    """yrs splits at the neighbours of a struct before it sees that it has the struct already."""
    gate.commit(gate.check(update((2, 0, [text("x", (1, 5))])), BOB))
    with pytest.raises(GateError) as caught:
        gate.check(update((2, 0, [text("x", (1, 2))])), ANN)
    assert caught.value.code == "split_surrogate"


def test_without_the_rule_later_edits_hit_the_wrong_letters() -> None:
    """Why the rule exists: cut at the smile, delete the "c", and pycrdt deletes something else."""
    log = [SMILE, update((2, 0, [text("x", (1, 2))])), update(deletes={1: [(4, 1)]})]
    (yjs,) = replay([log])
    assert "c" not in yjs.text
    assert "d" in yjs.text
    assert "c" in str(document(*log).get("content", type=Text))


@pytest.mark.parametrize(
    "sections",
    [
        [(2, 0, [text("x", (1, 1), (1, 2))])],
        [(2, 0, [text("x", (1, 3), (1, 4))])],
        [(2, 0, [text("😀x", (1, 5)), text("y", (2, 1), (2, 2))])],
        [(1, 0, [text("ab😀cd😀")])],
    ],
)
def test_edits_beside_a_character_pass(gate: Gate, sections: list[Section]) -> None:
    data = update(*sections)
    assert gate.check(data, ANN).kind is Kind.NEW
    doc = document(SMILE, data)
    (yjs,) = replay([[SMILE, data]])
    assert str(doc.get("content", type=Text)) == yjs.text
    assert decode_state_vector(doc.get_state()) == yjs.clocks


def test_a_whole_character_may_be_deleted(gate: Gate) -> None:
    data = update(deletes={1: [(2, 2)]})
    verdict = gate.check(data, BOB)
    assert verdict.kind is Kind.NEW
    gate.commit(verdict)
    doc = document(SMILE, data)
    assert str(doc.get("content", type=Text)) == "abcd"
    assert Gate({1: 6}, {1: ANN}, read_state=doc.get_update).check(data, BOB).kind is Kind.KNOWN
