import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdreader.features.collab import protocol
from mdreader.features.collab.protocol import Frame, FrameKind
from mdreader.features.collab.state_vector import MAX_ENTRIES, decode_state_vector, encode_state_vector
from mdreader.features.collab.varint import MAX_UINT, ProtocolError, read_uint, write_uint
from unit.yjs.build import uint

UPDATE = bytes(range(1, 41))
FRAMES = [
    (protocol.encode_step1(b"\x00"), Frame(FrameKind.STEP1, b"\x00")),
    (protocol.encode_step2(UPDATE), Frame(FrameKind.STEP2, UPDATE)),
    (protocol.encode_update(UPDATE), Frame(FrameKind.UPDATE, UPDATE)),
    (protocol.encode_update(UPDATE * 9), Frame(FrameKind.UPDATE, UPDATE * 9)),
    (protocol.encode_awareness_frame(UPDATE), Frame(FrameKind.AWARENESS, UPDATE)),
    (b"\x03", Frame(FrameKind.QUERY_AWARENESS, b"")),
    (protocol.encode_saved_marker(b"17"), Frame(FrameKind.SAVED_MARKER, b"17")),
    (protocol.encode_saved_marker(b""), Frame(FrameKind.SAVED_MARKER, b"")),
]


def refused(data: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        protocol.decode(data)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(("payload", "frame"), FRAMES)
def test_a_frame_is_read_back(payload: bytes, frame: Frame) -> None:
    assert protocol.decode(payload) == frame


def test_the_wire_is_that_of_y_websocket() -> None:
    assert protocol.encode_step1(b"\x01\x05\x09") == bytes((0, 0, 3, 1, 5, 9))
    assert protocol.encode_step2(b"\x00\x00") == bytes((0, 1, 2, 0, 0))
    assert protocol.encode_update(b"a" * 200) == bytes((0, 2, 200 & 127 | 128, 1)) + b"a" * 200
    assert protocol.encode_auth_denied("no") == bytes((2, 0, 2)) + b"no"
    assert protocol.encode_saved_marker(b"x") == bytes((102,)) + b"x"


@pytest.mark.parametrize("payload", [payload for payload, _ in FRAMES[:5]])
def test_exactly_one_message_a_frame(payload: bytes) -> None:
    assert refused(payload + b"\x00") == "trailing_bytes"
    assert refused(payload + payload) == "trailing_bytes"
    for size in range(len(payload)):
        assert refused(payload[:size]) == "malformed"


def test_the_question_for_awareness_stands_alone() -> None:
    assert refused(b"\x03\x00") == "trailing_bytes"


@pytest.mark.parametrize("payload", [b"\x02\x00", b"\x04", b"\x64", b"\x67", b"\x00\x03\x00", b"\xff\x01"])
def test_what_is_not_in_the_protocol_is_refused(payload: bytes) -> None:
    assert refused(payload) == "unknown_message"


def test_a_saved_marker_is_short() -> None:
    assert protocol.decode(b"\x66" + b"m" * 64).body == b"m" * 64
    assert refused(b"\x66" + b"m" * 65) == "marker_too_long"


def test_no_length_is_believed() -> None:
    for claimed in (2**31, 2**53 - 1):
        assert refused(b"\x00\x02" + uint(claimed) + b"abc") == "malformed"
    assert refused(b"\x00\x02" + b"\xff" * 12) == "malformed"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        frame = protocol.decode(data)
    except ProtocolError:
        return
    assert data.endswith(frame.body)


@given(st.integers(0, MAX_UINT), st.binary(max_size=3))
def test_integers_come_back(value: int, rest: bytes) -> None:
    encoded = write_uint(value)
    assert encoded == uint(value)
    assert read_uint(encoded + rest, 0) == (value, len(encoded))


@pytest.mark.parametrize("data", [uint(2**53), b"\x80\x00", b"\xff\x80\x00", b"\xff" * 9 + b"\x01"])
def test_integers_have_one_spelling_and_53_bits(data: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_uint(data, 0)
    assert caught.value.code == "malformed"


@given(st.dictionaries(st.integers(0, MAX_UINT), st.integers(1, 2**31 - 1), max_size=20))
def test_state_vectors_come_back(clocks: dict[int, int]) -> None:
    encoded = encode_state_vector(clocks)
    assert decode_state_vector(encoded) == clocks
    for size in range(len(encoded)):
        with pytest.raises(ProtocolError):
            decode_state_vector(encoded[:size])


def test_a_state_vector_leaves_out_who_wrote_nothing() -> None:
    assert encode_state_vector({7: 0, 8: 2}) == bytes((1, 8, 2))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (uint(2**28), "too_many_clients"),
        (b"\xff\xff\xff\xff\x0f", "too_many_clients"),
        (uint(MAX_ENTRIES), "malformed"),
        (b"\x01\x05", "malformed"),
        (b"\x02\x05\x01\x05\x01", "malformed"),
        (b"\x01\x05\x01\x00", "trailing_bytes"),
        (b"\x01\x05" + uint(2**31), "clock_overflow"),
        (b"\x01" + uint(2**53) + b"\x01", "malformed"),
    ],
)
def test_hostile_state_vectors_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_state_vector(data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f" + (65536).to_bytes(8)),
    ],
)
def test_a_websocket_frame_says_its_size(size: int, head: bytes) -> None:
    assert protocol.ws_frame(b"x" * size) == head + b"x" * size


def test_a_websocket_frame_takes_other_opcodes() -> None:
    assert protocol.ws_frame(b"", opcode=10) == b"\x8a\x00"
