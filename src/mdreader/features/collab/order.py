"""The order in which structs can be applied, and updates written anew from the structs that are worth applying."""

from collections.abc import Iterator, Mapping

from mdreader.features.collab.state_vector import CLOCK_LIMIT
from mdreader.features.collab.structs import (
    HAS_ORIGIN,
    HAS_RIGHT_ORIGIN,
    ROOT_PARENT,
    SKIP,
    STRING,
    GateError,
    Struct,
)
from mdreader.features.collab.varint import write_uint


def follow(  # noqa: C901 - one walk, read at one place
    sections: Mapping[int, list[Struct]],
    clocks: Mapping[int, int],
    order: list[tuple[int, Struct]] | None = None,
) -> dict[int, int] | None:
    """Walk the structs in an order in which each finds its neighbours, on top of what `clocks` says is there.

    Gives the next clocks of the clients named, or None if anything is missing; `order`, if given, is filled with
    (client id, struct) in that order. Sections wait for one another on an explicit stack, each with the clock it must
    reach; every push is followed by progress, so this is linear. Raises GateError `malformed` when structs wait for one
    another in a circle: pycrdt would hold them for ever.
    """
    now = {client: clocks.get(client, 0) for client in sections}
    done = dict.fromkeys(sections, 0)
    for first in sections:
        stack = [(first, CLOCK_LIMIT)]
        waiting = {first}
        while stack:
            client, target = stack[-1]
            structs = sections[client]
            known, index = now[client], done[client]
            missing: tuple[int, int] | None = None
            while index < len(structs) and known < target:
                struct = structs[index]
                if struct.clock > known or (struct.kind == SKIP and struct.end > known):
                    return None
                missing = _missing(struct, client, now, clocks)
                if missing is not None:
                    break
                if order is not None:
                    order.append((client, struct))
                known = max(known, struct.end)
                index += 1
            now[client], done[client] = known, index
            if missing is None:
                if known < target < CLOCK_LIMIT:
                    return None
                stack.pop()
                waiting.discard(client)
                continue
            needed = missing[0]
            if needed not in sections or done[needed] == len(sections[needed]):
                return None
            if needed in waiting:
                raise GateError("malformed", "structs wait for one another in a circle")
            stack.append(missing)
            waiting.add(needed)
    return now


def _missing(struct: Struct, client: int, now: Mapping[int, int], clocks: Mapping[int, int]) -> tuple[int, int] | None:
    """Find a neighbour of `struct` that is not there yet, as (client id, clock to reach)."""
    neighbour = struct.left_client
    # The parser has seen to it that neighbours of the same client lie in its past.
    if neighbour not in (-1, client):
        known = now.get(neighbour)
        if struct.left_clock >= (clocks.get(neighbour, 0) if known is None else known):
            return neighbour, struct.left_clock + 1
    neighbour = struct.right_client
    if neighbour not in (-1, client):
        known = now.get(neighbour)
        if struct.right_clock >= (clocks.get(neighbour, 0) if known is None else known):
            return neighbour, struct.right_clock + 1
    return None


def write_updates(
    structs: list[tuple[int, Struct]],
    deletes: Mapping[int, list[tuple[int, int]]],
    size: int,
) -> Iterator[bytes]:
    """Write `structs`, which are in an order of `follow`, then `deletes`, as updates of at most `size` pieces each.

    Deleted ranges come sorted: yrs splits a long text far faster from its beginning to its end.
    """
    for first in range(0, len(structs), size):
        sections: dict[int, list[Struct]] = {}
        for client, struct in structs[first : first + size]:
            sections.setdefault(client, []).append(struct)
        yield _write_sections(sections) + b"\0"
    spans = [(client, *span) for client, ranges in deletes.items() for span in sorted(ranges)]
    for first in range(0, len(spans), size):
        found: dict[int, list[tuple[int, int]]] = {}
        for client, start, end in spans[first : first + size]:
            found.setdefault(client, []).append((start, end))
        yield b"\0" + _write_deletes(found)


def write_update(structs: list[tuple[int, Struct]], deletes: Mapping[int, list[tuple[int, int]]]) -> bytes:
    """Write `structs`, which are in an order of `follow`, and `deletes` as one update."""
    sections: dict[int, list[Struct]] = {}
    for client, struct in structs:
        sections.setdefault(client, []).append(struct)
    return _write_sections(sections) + _write_deletes({client: sorted(ranges) for client, ranges in deletes.items()})


def _write_sections(sections: Mapping[int, list[Struct]]) -> bytes:
    parts = [write_uint(len(sections))]
    for client in sorted(sections, reverse=True):
        structs = sections[client]
        parts += (write_uint(len(structs)), write_uint(client), write_uint(structs[0].clock))
        for struct in structs:
            parts += _write_struct(struct)
    return b"".join(parts)


def _write_struct(struct: Struct) -> Iterator[bytes]:
    info = struct.kind
    if struct.left_client >= 0:
        info |= HAS_ORIGIN
    if struct.right_client >= 0:
        info |= HAS_RIGHT_ORIGIN
    yield bytes((info,))
    if struct.left_client >= 0:
        yield write_uint(struct.left_client)
        yield write_uint(struct.left_clock)
    if struct.right_client >= 0:
        yield write_uint(struct.right_client)
        yield write_uint(struct.right_clock)
    if info == struct.kind:
        yield ROOT_PARENT
    if struct.kind == STRING:
        yield write_uint(len(struct.text))
        yield struct.text
    else:
        yield write_uint(struct.end - struct.clock)


def _write_deletes(deletes: Mapping[int, list[tuple[int, int]]]) -> bytes:
    parts = [write_uint(len(deletes))]
    for client in sorted(deletes, reverse=True):
        ranges = deletes[client]
        parts += (write_uint(client), write_uint(len(ranges)))
        for start, end in ranges:
            parts += (write_uint(start), write_uint(end - start))
    return b"".join(parts)
