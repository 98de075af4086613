import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdreader.features.collab.awareness import (
    MAX_STATE_BYTES,
    MAX_STATES,
    AwarenessState,
    decode_awareness,
    encode_awareness,
    parse_state,
)
from mdreader.features.collab.varint import ProtocolError
from unit.yjs.build import uint

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def parse_refused(raw: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        parse_state(raw)
    return caught.value.code


def decode_refused(body: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode_awareness(body)
    return caught.value.code


@given(st.lists(st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 2**31 - 1), st.binary(max_size=40)), max_size=5))
def test_states_come_back(states: list[tuple[int, int, bytes]]) -> None:
    body = encode_awareness(states)
    assert decode_awareness(body) == tuple(AwarenessState(*state) for state in states)
    for size in range(len(body)):
        assert decode_refused(body[:size]) == "malformed"
    assert decode_refused(body + b"\x00") == "trailing_bytes"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (uint(2**40), "too_many_clients"),
        (uint(MAX_STATES), "malformed"),
        (b"\x01\x05\x01" + uint(2**50), "state_too_large"),
        (b"\x01\x05\x01" + uint(MAX_STATE_BYTES + 1), "state_too_large"),
        (b"\x01\x05\x01" + uint(MAX_STATE_BYTES) + b"x", "malformed"),
        (b"\x01\x05" + uint(2**31) + b"\x00", "clock_overflow"),
        (b"\x01" + uint(2**53) + b"\x00\x00", "malformed"),
    ],
)
def test_hostile_awareness_is_refused(body: bytes, code: str) -> None:
    assert decode_refused(body) == code


@given(
    st.dictionaries(st.text(max_size=8), JSON, max_size=4).filter(
        lambda state: len(json.dumps(state)) < MAX_STATE_BYTES
    )
)
def test_a_state_is_parsed(state: dict[str, Any]) -> None:
    assert parse_state(json.dumps(state).encode()) == state
    assert parse_state(json.dumps(state, ensure_ascii=False).encode()) == state


def test_null_says_goodbye() -> None:
    assert parse_state(b"null") is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[]", "malformed"),
        (b"1", "malformed"),
        (b'"x"', "malformed"),
        (b'{"a": NaN}', "malformed"),
        (b'{"a": -Infinity}', "malformed"),
        (b'{"a": 1e999}', "malformed"),
        (b'{"a": "\\ud83d"}', "malformed"),
        (b'{"a": "\\uDE00 first"}', "malformed"),
        (b'{"a": "\xff"}', "malformed"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "too_deep"),
        (b'{"a":' * 700 + b"1" + b"}" * 500, "too_deep"),
        (b'{"a": "' + b"x" * MAX_STATE_BYTES + b'"}', "state_too_large"),
    ],
)
def test_hostile_states_are_refused(raw: bytes, code: str) -> None:
    assert parse_refused(raw) == code


def test_brackets_inside_strings_are_no_depth() -> None:
    state = {"name": '[{"' * 200, "list": [[]] * 40}
    assert parse_state(json.dumps(state).encode()) == state


def test_a_pair_of_escapes_is_one_character() -> None:
    assert parse_state(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
