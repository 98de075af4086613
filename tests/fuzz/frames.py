"""Frames that no honest client sends: genuine ones bent, plausible ones with wrong neighbours, and known bombs."""

import random
from collections.abc import Mapping

from unit.yjs.build import ROOT, Section, gone, head, skip, text, uint, update

CLIENTS = (0, 1, 2, 300, 2**31, 2**32 - 1, 2**32, 2**53 - 1)
_LETTERS = ("a", "b", "é", "日", "😀", "\n", "x" * 200)
_BIG = (*map(uint, (127, 128, 2**20, 2**28, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1)), b"\xff" * 10)
_NESTED = 50_000
_BOMBS = (
    update((1, 0, [head(8) + b"\x01" + b"\x75\x01" * _NESTED + b"\x7f"])),
    update((1, 0, [head(5) + uint(2 * _NESTED) + b"[" * _NESTED + b"]" * _NESTED])),
    update((1, 0, [head(7) + b"\x01"]), (2, 0, [head(4, parent=b"\x00\x01\x00") + b"\x01x"])),
    update((2, 0, [text("x", (1, 0))]), (1, 0, [text("y", (2, 0))])),
    update((1, 0, [gone(2**31 - 2)]), deletes={1: [(0, 2**31 - 2)]}),
    update((1, 0, [bytes((0x24,)) + ROOT + b"\x01k\x01x"])),
    b"\xff\xff\xff\x7f",
    b"\x80\x80\x80\x80\x04",
)
_STATES = (
    b"null",
    b"{}",
    b'{"cursor": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"user": {"name": "\\ud800"}}',
    b'{"n": 1e999}',
    b"[" * 4000,
    b"\xff",
)


def hostile_frame(rng: random.Random, clocks: Mapping[int, int], genuine: list[bytes]) -> bytes:
    """One frame for a document that stands at `clocks`; `genuine` are updates to bend."""
    choice = rng.random()
    if choice < 0.40:
        return _wrap(rng, _plausible(rng, clocks))
    if choice < 0.75:
        return _wrap(rng, _bent(rng, rng.choice(genuine)))
    if choice < 0.80:
        return _bent(rng, _wrap(rng, rng.choice(genuine)))
    if choice < 0.88:
        return rng.randbytes(rng.randrange(60))
    if choice < 0.90:
        return _wrap(rng, rng.choice(_BOMBS))
    if choice < 0.95:
        vector = uint(rng.choice((0, 1, 3, 2**20, 2**31))) + rng.randbytes(rng.randrange(30))
        return b"\x00\x00" + uint(len(vector)) + vector
    return _awareness(rng)


def _wrap(rng: random.Random, data: bytes) -> bytes:
    return b"\x00" + rng.choice((b"\x01", b"\x02")) + uint(len(data)) + data


def _bent(rng: random.Random, data: bytes) -> bytes:
    """Change a few bytes of something genuine: flipped, replaced, put in, taken out, doubled or cut."""
    bent = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(bent) + 1)
        way = rng.randrange(6)
        if way == 0 and at < len(bent):
            bent[at] ^= 1 << rng.randrange(8)
        elif way == 1 and at < len(bent):
            bent[at] = rng.choice((0, 1, 4, 8, 10, 127, 128, 0x84, 0xC4, 255))
        elif way == 2:
            bent[at:at] = rng.choice(_BIG)
        elif way == 3:
            del bent[at : at + rng.randrange(1, 9)]
        elif way == 4:
            bent[at:at] = bent[at : at + rng.randrange(1, 30)]
        else:
            del bent[rng.randrange(len(bent) // 2, len(bent) + 1) :]
    return bytes(bent)


def _plausible(rng: random.Random, clocks: Mapping[int, int]) -> bytes:
    """A well-formed update of text with arbitrary, mostly existing neighbours."""
    heights = dict(clocks)
    plans: dict[int, tuple[int, list[bytes]]] = {}
    for _ in range(rng.randrange(7)):
        client = rng.choice(CLIENTS)
        if client not in plans:
            height = heights.get(client, 0)
            plans[client] = (rng.randrange(height) if height and rng.random() < 0.25 else height, [])
            heights[client] = plans[client][0]
        struct, length = _struct(rng, heights)
        plans[client][1].append(struct)
        heights[client] += length
    sections: list[Section] = [(client, clock, structs) for client, (clock, structs) in plans.items()]
    deletes = {}
    if heights and rng.random() < 0.4:
        client = rng.choice(list(heights))
        top = heights[client] + (rng.random() < 0.02)
        starts = [rng.randrange(top) for _ in range(rng.randrange(1, 4))] if top else []
        deletes = {client: [(start, rng.randrange(1, top - start + 1)) for start in starts]} if starts else {}
    return update(*sections, deletes=deletes)


def _struct(rng: random.Random, heights: Mapping[int, int]) -> tuple[bytes, int]:
    def neighbour() -> tuple[int, int] | None:
        if not heights or rng.random() < 0.3:
            return None
        client = rng.choice(list(heights))
        return client, rng.randrange(heights[client] + 1 + (rng.random() < 0.02))

    kind = rng.random()
    if kind < 0.02:
        return skip(3), 3
    if kind < 0.2:
        length = rng.randrange(1, 6)
        return gone(length, neighbour(), neighbour()), length
    value = "".join(rng.choice(_LETTERS) for _ in range(rng.randrange(1, 5)))
    return text(value, neighbour(), neighbour()), len(value.encode("utf-16-le")) // 2


def _awareness(rng: random.Random) -> bytes:
    states = [rng.choice(_STATES) for _ in range(rng.randrange(3))]
    body = uint(rng.choice((len(states), len(states), 2**30)))
    body += b"".join(uint(rng.choice(CLIENTS)) + uint(rng.randrange(9)) + uint(len(raw)) + raw for raw in states)
    return b"\x01" + uint(len(body)) + body
