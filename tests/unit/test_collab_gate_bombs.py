"""What a few bytes do to pycrdt, and that the gate stops each of them.

Each runs in a process of its own with a limit on its memory: once as it would reach pycrdt without the gate, to show that
the danger is real, and once through the gate, where it must cost nothing.
"""

import json
import subprocess
import sys

import pytest

from mdreader.features.collab.gate import Gate, GateError, Limits, check_state_vector
from mdreader.features.collab.varint import ProtocolError
from unit.yjs.build import gone, head, text, uint, update

NESTED = 60_000

BOMBS = {
    "an update that claims 64 million clients": (b"\x80\x80\x80\x20", "malformed"),
    "values nested 60,000 deep": (
        update((1, 0, [head(8) + b"\x01" + b"\x75\x01" * NESTED + b"\x7f"])),
        "unsupported_content",
    ),
    "keyed values nested 60,000 deep": (
        update((1, 0, [head(8) + b"\x01" + b"\x76\x01\x01k" * NESTED + b"\x7f"])),
        "unsupported_content",
    ),
    "an embed nested 60,000 deep": (
        update((1, 0, [head(5) + uint(2 * NESTED) + b"[" * NESTED + b"]" * NESTED])),
        "unsupported_content",
    ),
    "a struct beside itself": (update((1, 0, [text("x", (1, 0))])), "malformed"),
    "text under a key": (update((1, 0, [bytes((0x24,)) + b"\x01\x07content\x01k\x01x"])), "unsupported_type"),
}

_PROBE = """
import json, resource, sys, time
from pycrdt import Doc, Text
resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
doc = Doc()
doc.get("content", type=Text)
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])  # ru_maxrss would count the parent's
before = peak()
kind, data = sys.argv[1], bytes.fromhex(sys.stdin.read())
started = time.process_time()
try:
    doc.apply_update(data) if kind == "update" else doc.get_update(data)
except BaseException:
    pass
seconds = time.process_time() - started
print(json.dumps({"kilobytes": peak() - before, "seconds": seconds}))
"""


def ungated(kind: str, data: bytes) -> dict[str, float] | None:
    """What pycrdt alone makes of it, as memory and time; None if the process died."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, kind],
        input=data.hex().encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    if done.returncode:
        return None
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", BOMBS)
def test_the_gate_stops_it(name: str) -> None:
    data, code = BOMBS[name]
    with pytest.raises(GateError) as caught:
        Gate({}, {}).check(data, "mallory")
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["values nested 60,000 deep", "keyed values nested 60,000 deep"])
def test_nesting_kills_a_process_without_the_gate(name: str) -> None:
    assert ungated("update", BOMBS[name][0]) is None


def test_four_bytes_take_megabytes_without_the_gate() -> None:
    found = ungated("update", b"\x80\x80\x80\x20")
    assert found is not None
    assert found["kilobytes"] > 50_000


@pytest.mark.parametrize("data", [b"\x80\x80\x80\x20", b"\xff\xff\xff\x1f", b"\xff\xff\xff\xff\x0f"])
def test_a_state_vector_is_not_believed(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        check_state_vector(data)


def test_a_state_vector_of_four_bytes_takes_megabytes_without_the_gate() -> None:
    found = ungated("state", b"\x80\x80\x80\x20")
    assert found is not None
    assert found["kilobytes"] > 50_000


def test_a_crowded_place_is_slow_and_can_be_taken_in_pieces() -> None:
    """Every struct here looks past all before it: 6,000 of them, 34 kB, take seconds at once. The gate cannot see the order of
    the text, so it does not refuse them; it cuts them up, and the room looks at the clock in between."""
    many = 6000
    gate = Gate({}, {}, Limits(max_structs=many))
    gate.commit(gate.check(update((9, 0, [text("x" * many)])), "mallory"))
    crowd = update((1, 0, [text("a", None, (9, index)) for index in range(many)]))
    verdict = gate.check(crowd, "mallory")
    assert verdict.size == many
    pieces = list(gate.pieces(crowd, verdict))
    assert len(pieces) == many // 8
    assert max(map(len, pieces)) < 100


def test_a_long_run_of_nothing_costs_nothing() -> None:
    found = ungated("update", update((1, 0, [gone(2**31 - 2)]), deletes={1: [(0, 2**31 - 2)]}))
    assert found is not None
    assert found["seconds"] < 1
    assert found["kilobytes"] < 10_000
