"""What the gate answers."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from mdreader.features.collab.state_vector import MAX_ENTRIES


class Kind(Enum):
    """What an update would do to the document."""

    EMPTY = "empty"
    """It holds nothing."""
    KNOWN = "known"
    """It holds only what the document has; applying or storing it changes nothing."""
    NEW = "new"
    """It may be applied, stored and passed on."""
    GAP = "gap"
    """It builds on something the document lacks. Do not apply it: ask the client for everything by a step 1."""


class Limits(NamedTuple):
    """Bounds on one update and on one document."""

    max_structs: int = 50_000
    """Structs, and deleted ranges, in one update."""
    max_new_clients: int = 1_024
    """Client ids that one update may bring: one for every page that was opened while offline."""
    max_clients: int = MAX_ENTRIES
    """Client ids in the whole document."""


class Verdict(NamedTuple):
    """The outcome of `Gate.check`; `Gate.commit` takes it back once the update is applied.

    `clocks`: next clock of each client that advances · `new_clients`: ids first seen here, from now on `user`'s ·
    `added_bytes`: UTF-8 bytes of new text, before any deletion · `deletes`: whether it deletes something that is there ·
    `size`: structs and deleted ranges that are new · `ranges`, `pairs`: what the gate will remember of it · `tidy`: whether
    it can be stored as it came. Pieces that overlap known ones, or deletions out of order, confuse yrs when it merges updates.
    """

    kind: Kind
    user: str
    clocks: dict[int, int]
    new_clients: tuple[int, ...]
    added_bytes: int
    deletes: bool
    size: int
    ranges: Mapping[int, list[tuple[int, int]]]
    pairs: Mapping[int, list[int]]
    tidy: bool
