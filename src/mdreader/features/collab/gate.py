"""The gate before the document: every update of a client is checked here, in linear time, before pycrdt sees a byte.

pycrdt trusts what it is given: a few bytes make it allocate gigabytes, recurse until the process dies, or keep text
that it later reads back differently. So an update passes only if it is plain text in the one root type, follows
without a hole on what the document holds, and writes under client ids that belong to the user who sends it.
"""

# 127, 128: the largest value of a byte that ends an integer, and the bit that says "more"; names for them cost time here.
# ruff: noqa: PLR2004

import re
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Final

from mdreader.features.collab.keystrokes import Keystrokes
from mdreader.features.collab.order import follow, write_update, write_updates
from mdreader.features.collab.ranges import RangeSet
from mdreader.features.collab.state_vector import CLOCK_LIMIT, decode_state_vector, encode_state_vector
from mdreader.features.collab.structs import (
    CACHED_WIDTHS,
    DELETED,
    HAS_ORIGIN,
    HAS_RIGHT_ORIGIN,
    SKIP,
    STRING,
    GateError,
    Struct,
    parse_update,
    utf16_length,
)
from mdreader.features.collab.surrogates import check_pairs, holds, pairs_in, sliced, text_from
from mdreader.features.collab.varint import ProtocolError, read_rest, read_uint
from mdreader.features.collab.verdict import Kind, Limits, Verdict

__all__ = ["Gate", "GateError", "Kind", "Limits", "Verdict", "check_state_vector", "clocks_of"]

_INSERTIONS: Final = frozenset((STRING | HAS_ORIGIN, STRING | HAS_RIGHT_ORIGIN, STRING | HAS_ORIGIN | HAS_RIGHT_ORIGIN))
_ASTRAL_LEAD: Final = 0xF0
"""The smallest first byte of a character in UTF-8 that is a surrogate pair in UTF-16."""
_MAYBE_ASTRAL: Final = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")


class _Anybody(str):
    """A user who equals every other: the checks of ownership are the same for what was checked already, and always pass."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


_ANYBODY: Final = _Anybody()
_NEW: Final = Kind.NEW
_new_verdict: Final = tuple.__new__
_LIMITS: Final = Limits()
_NOTHING: Final[dict[int, list[tuple[int, int]]]] = {}
_NO_PAIRS: Final[dict[int, list[int]]] = {}


def check_state_vector(data: bytes) -> dict[int, int]:
    """Check and decode the state vector of a client's step 1, which pycrdt would otherwise believe unseen.

    Raises ProtocolError as `decode_state_vector` does.
    """
    return decode_state_vector(data)


def clocks_of(update: bytes) -> dict[int, int]:
    """Compute {client id: next clock} of a stored update. Raises GateError if it is not a whole text document."""
    return {client: structs[-1].end for client, structs in parse_update(update, len(update)).sections.items()}


class Gate:
    """What one document holds, as far as judging updates needs it: clocks, owners, deletions and surrogate pairs.

    `check` changes nothing; `commit` moves the gate on. Both must be called in the order in which updates are applied.
    """

    __slots__ = (
        "_deleted",
        "_ids",
        "_limits",
        "_pairs",
        "_read_state",
        "clocks",
        "owners",
    )

    def __init__(
        self,
        clocks: dict[int, int],
        owners: dict[int, str],
        limits: Limits | None = None,
        read_state: Callable[[bytes | None], bytes] | None = None,
    ) -> None:
        """Start from the document's `clocks` (next clock by client id) and `owners` (user id by client id).

        A client id with a clock but no owner is nobody's: no user can extend it. `read_state` is the document's own
        `get_update(state_vector)`; it is called at the first edit, so that opening a document costs nothing here, and
        may be left out for an empty document only.
        """
        self.clocks = clocks
        self.owners = owners
        self._limits = limits or _LIMITS
        self._read_state = read_state
        if read_state is None:
            self._begin()

    def state_vector(self) -> bytes:
        """Encode the clocks as a state vector."""
        return encode_state_vector(self.clocks)

    def check(self, update: bytes, user: str) -> Verdict:
        """Judge an update that `user` sent.

        Raises GateError with the code `malformed`, `trailing_bytes`, `clock_overflow`, `unsupported_content`,
        `unsupported_type`, `nul_character`, `bad_utf8`, `split_surrogate`, `foreign_client`, `too_many_structs` or
        `too_many_clients`.
        """
        if self._read_state is not None:
            self._learn(self._read_state)
        try:
            verdict = self._check_insertion(update, user) if update[0] else self._check_deletion(update, user)
        except (IndexError, ProtocolError):
            verdict = None  # the whole check says what is wrong
        return verdict or self._check_whole(update, user)

    def check_stored(self, update: bytes) -> Verdict:
        """Judge an update of the log that another server let in: whether it may be written was asked there."""
        if self._read_state is not None:
            self._learn(self._read_state)
        verdict: Verdict | None = None
        with suppress(IndexError, ProtocolError):  # the whole check says what is wrong
            verdict = self._check_insertion(update, _ANYBODY) if update[0] else None
        verdict = verdict or self._check_whole(update, _ANYBODY, len(update))
        return verdict._replace(new_clients=())  # whose they are stands in the database

    def check_keystrokes(self, keystrokes: Keystrokes) -> Verdict | None:
        """As `check_stored` of the row that another server describes, without reading it; None when it must be read."""
        if self._read_state is not None:
            self._learn(self._read_state)
        return keystrokes.verdict(self.clocks, _ANYBODY)

    def commit(self, verdict: Verdict) -> None:
        """Move on after the update of a NEW verdict was applied."""
        if verdict.new_clients:
            # A new dictionary, because this may run on a thread while the loop reads the clocks for somebody who joins.
            self.clocks = {**self.clocks, **verdict.clocks}
            for client in verdict.new_clients:
                self.owners[client] = verdict.user
        else:
            self.clocks.update(verdict.clocks)
        if verdict.ranges:
            for client, ranges in verdict.ranges.items():
                self._deleted.add(client, ranges)
        for client, pairs in verdict.pairs.items() if verdict.pairs else ():
            known = self._pairs.get(client)
            if known is None:
                self._pairs[client] = array("I", pairs)
            else:
                known.extend(pairs)

    def learn_edit(self, update: bytes, client: int, user: str) -> tuple[int, ...]:
        """Move on after the document itself wrote `update` under its own `client`: read, not judged. Gives the client if it is new."""
        parsed = parse_update(update, len(update))
        structs = parsed.sections.get(client, ())
        ranges, pairs, clocks = parsed.deletes, _NO_PAIRS, {}
        if structs:
            clocks[client] = structs[-1].end
            if gone := [(struct.clock, struct.end) for struct in structs if struct.kind == DELETED]:
                ranges = {**ranges, client: [*ranges.get(client, ()), *gone]}
            if found := [pair for struct in structs for pair in pairs_in(struct, 0)]:
                pairs = {client: found}
        if self._read_state is not None:  # both are learned from the document when they matter
            ranges, pairs = {}, _NO_PAIRS
        new_clients = (client,) if clocks and client not in self.clocks else ()
        self.commit(Verdict(_NEW, user, clocks, new_clients, 0, bool(ranges), len(structs), ranges, pairs, tidy=True))
        return new_clients

    def reduce(self, update: bytes, verdict: Verdict) -> bytes:
        """Rewrite a NEW update, before its `commit`, without what the document has already.

        A client that comes back sends every deletion there ever was beside its one new letter; only the letter is worth
        storing and passing on.
        """
        return write_update(self._new_structs(update), verdict.ranges)

    def pieces(self, update: bytes, verdict: Verdict, size: int = 8) -> Iterator[bytes]:
        """Rewrite a NEW update, before its `commit`, as a sequence of updates of at most `size` new pieces each.

        Applied one after the other they equal the whole. yrs needs up to milliseconds for a single hostile piece (it
        walks all rivals for one place, or counts through megabytes to split a string) and cannot be interrupted, so a
        large update is applied like this, with a look at the clock and at the other rooms in between.
        """
        return write_updates(self._new_structs(update), verdict.ranges, size)

    def all_pieces(self, update: bytes, size: int = 8) -> Iterator[bytes]:
        """As `pieces`, of an update that another server has committed, with what the document has already.

        What is known only because it was let in a moment ago may not be applied yet; what is applied twice changes nothing.
        """
        parsed = parse_update(update, len(update))
        order: list[tuple[int, Struct]] = []
        follow(parsed.sections, self.clocks, order)
        return write_updates([one for one in order if one[1].kind != SKIP], parsed.deletes, size)

    def _new_structs(self, update: bytes) -> list[tuple[int, Struct]]:
        order: list[tuple[int, Struct]] = []
        follow(parse_update(update, len(update)).sections, self.clocks, order)
        known = self.clocks
        return [
            (client, sliced(client, struct, known.get(client, 0)))
            for client, struct in order
            if struct.end > known.get(client, 0)
        ]

    def _begin(self) -> None:
        """Have what is only needed from the first edit on: most documents that are open are not edited."""
        self._deleted = RangeSet()
        self._pairs: dict[int, array[int]] = {}
        """By client, the sorted clocks of second surrogates: no struct or deletion may begin there."""
        self._ids: dict[bytes, int] = {}
        """Known client ids by their encoding, so that the fast path reads one with one look-up."""

    def _learn(self, read_state: Callable[[bytes | None], bytes]) -> None:
        """Learn from the document itself what is deleted and where its surrogate pairs are."""
        self._begin()
        deletions = read_state(self.state_vector())
        for client, ranges in parse_update(deletions, len(deletions)).deletes.items():
            self._deleted.add(client, ranges)
        everything = read_state(None)
        if _MAYBE_ASTRAL.search(everything):
            for client, structs in parse_update(everything, len(everything)).sections.items():
                pairs = [pair for struct in structs for pair in pairs_in(struct, 0)]
                if pairs:
                    self._pairs[client] = array("I", pairs)
        self._read_state = None

    def _read_id(self, update: bytes, pos: int) -> tuple[int, int]:
        """Read the client id at `pos`, remembering the encoding of a known one; gives (client id, next position)."""
        client, end = read_uint(update, pos)
        if end - pos in CACHED_WIDTHS and client in self.clocks:
            self._ids[update[pos:end]] = client
        return client, end

    def _check_insertion(self, update: bytes, user: str) -> Verdict | None:  # noqa: C901, PLR0911, PLR0912 - flat for speed
        """Accept one short string beside known text, which is nearly every update there is; None for all else."""
        if update[0] != 1 or update[1] != 1:
            return None
        ids, clocks, all_pairs = self._ids, self.clocks, self._pairs
        client = ids.get(update[2:7])
        pos = 7
        if client is None:
            client, pos = self._read_id(update, 2)
        clock = update[pos]
        pos += 1
        if clock > 127:
            clock, pos = read_rest(update, pos, clock)
        if clocks.get(client) != clock or self.owners.get(client) != user:
            return None
        info = update[pos]
        pos += 1
        if info not in _INSERTIONS:
            return None
        if info & HAS_ORIGIN:
            origin = ids.get(update[pos : pos + 5])
            if origin is None:
                origin, pos = self._read_id(update, pos)
            else:
                pos += 5
            beside = update[pos]
            pos += 1
            if beside > 127:
                beside, pos = read_rest(update, pos, beside)
            if beside >= clocks.get(origin, 0) or ((pairs := all_pairs.get(origin)) and holds(pairs, beside + 1)):
                return None
        if info & HAS_RIGHT_ORIGIN:
            origin = ids.get(update[pos : pos + 5])
            if origin is None:
                origin, pos = self._read_id(update, pos)
            else:
                pos += 5
            beside = update[pos]
            pos += 1
            if beside > 127:
                beside, pos = read_rest(update, pos, beside)
            if beside >= clocks.get(origin, 0) or ((pairs := all_pairs.get(origin)) and holds(pairs, beside)):
                return None
        length = update[pos]
        pos += 1
        if pos + length + 1 != len(update) or update[-1] or not 0 < length < 128:
            return None
        units = length
        if length > 1 or not 0 < update[pos] < 128:
            text = update[pos:-1]
            if max(text) >= _ASTRAL_LEAD:
                return None
            units = utf16_length(text)
        end = clock + units
        if end >= CLOCK_LIMIT:
            return None
        return _new_verdict(Verdict, (_NEW, user, {client: end}, (), length, False, 1, _NOTHING, _NO_PAIRS, True))

    def _check_deletion(self, update: bytes, user: str) -> Verdict | None:
        """Accept one deleted range of known text; None for all else."""
        if update[1] != 1:
            return None
        client = self._ids.get(update[2:7])
        pos = 7
        if client is None:
            client, pos = self._read_id(update, 2)
        if update[pos] != 1:
            return None
        start, pos = read_uint(update, pos + 1)
        length, pos = read_uint(update, pos)
        end = start + length
        if pos != len(update) or not length or end > self.clocks.get(client, 0):
            return None
        pairs = self._pairs.get(client)
        if pairs and (holds(pairs, start) or holds(pairs, end)):
            return None
        if self._deleted.covers(client, start, end):
            return None
        return _new_verdict(Verdict, (_NEW, user, {}, (), 0, True, 1, {client: [(start, end)]}, _NO_PAIRS, True))

    def _check_whole(self, update: bytes, user: str, max_structs: int | None = None) -> Verdict:
        """Check an update of any shape."""
        parsed = parse_update(update, max_structs or self._limits.max_structs)
        sections, deletes = parsed
        known = follow(sections, self.clocks)
        if known is None or not self._reaches(deletes, known):
            return _verdict(Kind.GAP, user)
        before = self.clocks
        advanced = {client: clock for client, clock in known.items() if clock > before.get(client, 0)}
        new_clients = self._check_owners(advanced, user)
        added_bytes = size = 0
        pairs: dict[int, list[int]] = {}
        ranges = {
            client: fresh
            for client, found in deletes.items()
            if (fresh := [span for span in found if not self._deleted.covers(client, *span)])
        }
        for client in advanced:
            clock = before.get(client, 0)
            for struct in sections[client]:
                if struct.end <= clock:
                    continue
                size += 1
                if struct.kind == DELETED:
                    ranges.setdefault(client, []).append((max(struct.clock, clock), struct.end))
                    continue
                added_bytes += len(text_from(struct, clock))
                if found_pairs := pairs_in(struct, clock):
                    pairs.setdefault(client, []).extend(found_pairs)
        if self._pairs or pairs:
            check_pairs(parsed, self._pairs, pairs)
        if advanced or ranges:
            size += sum(map(len, ranges.values()))
            tidy = all(structs[0].clock >= before.get(client, 0) for client, structs in sections.items()) and all(
                first <= second for found in deletes.values() for first, second in pairwise(found)
            )
            return Verdict(_NEW, user, advanced, new_clients, added_bytes, bool(ranges), size, ranges, pairs, tidy)
        return _verdict(Kind.KNOWN if sections or deletes else Kind.EMPTY, user)

    def _reaches(self, deletes: dict[int, list[tuple[int, int]]], known: dict[int, int]) -> bool:
        """Tell whether all that is deleted is there to be deleted."""
        for client, ranges in deletes.items():
            clock = known.get(client)
            if clock is None:
                clock = self.clocks.get(client, 0)
            if any(end > clock for _, end in ranges):
                return False
        return True

    def _check_owners(self, advanced: dict[int, int], user: str) -> tuple[int, ...]:
        """Check that every client that advances is this user's or new; gives the new ones."""
        new_clients = []
        for client in advanced:
            owner = self.owners.get(client)
            if owner is None and client not in self.clocks:
                new_clients.append(client)
            elif owner != user:
                raise GateError("foreign_client", "new text under a client id that is not this user's")
        many = len(new_clients)
        if many > self._limits.max_new_clients or (many and many + len(self.clocks) > self._limits.max_clients):
            raise GateError("too_many_clients", "too many new client ids")
        return tuple(new_clients)


def _verdict(kind: Kind, user: str) -> Verdict:
    return _new_verdict(Verdict, (kind, user, {}, (), 0, False, 0, _NOTHING, _NO_PAIRS, True))
