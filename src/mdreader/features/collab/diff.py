"""The smallest reasonable edit from one text to another, so that a write over REST moves no cursor that it need not move. Pure."""

from dataclasses import dataclass

from mdreader.features.collab import matching

# More edits than this are one replacement: by then there is little left for a cursor to stand on.
MAX_EDITS = 10_000
# Seconds the search for a minimal diff may take before it settles for a coarser one: on a thread, and on the event loop.
TIME_LIMIT = 0.25
SHORT_TIME_LIMIT = 0.005
# Characters that differ, old and new together, up to which the search is over in well under a millisecond.
FEW_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Edit:
    """Delete `deleted` UTF-8 bytes at byte `index`, then insert `inserted` there. Edits of one list apply in order."""

    index: int
    deleted: int
    inserted: str


def common_prefix(a: str, b: str) -> int:
    """How many leading characters `a` and `b` share."""
    low, high = 0, min(len(a), len(b))
    while low < high:  # slices compare at memory speed: far faster than a loop over characters
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(a: str, b: str) -> int:
    """How many trailing characters `a` and `b` share."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True, slots=True)
class Middle:
    """What is left of two texts without the ends that they share; `prefix` characters are the same before it."""

    of: tuple[str, str]
    prefix: int
    old: str
    new: str

    @property
    def is_large(self) -> bool:
        """Whether the search for the smallest edit takes long enough to belong on a thread."""
        return bool(self.old and self.new) and len(self.old) + len(self.new) > FEW_CHARACTERS


def middle_between(old: str, new: str) -> Middle:
    """Where the two differ."""
    prefix = common_prefix(old, new)
    old_rest, new_rest = old[prefix:], new[prefix:]
    suffix = common_suffix(old_rest, new_rest)
    return Middle((old, new), prefix, old_rest[: len(old_rest) - suffix], new_rest[: len(new_rest) - suffix])


def edits_between(old: str, new: str, time_limit: float = TIME_LIMIT, *, middle: Middle | None = None) -> list[Edit]:
    """The edits that turn `old` into `new`. Indices count UTF-8 bytes, as pycrdt does.

    `middle` spares the look for it, when it is of these very two.
    """
    if old == new:
        return []
    if middle is None or middle.of[0] is not old or middle.of[1] is not new:
        middle = middle_between(old, new)
    old_middle, new_middle = middle.old, middle.new
    start = len(old[: middle.prefix].encode())
    if not old_middle or not new_middle:
        return [Edit(start, len(old_middle.encode()), new_middle)]
    edits = _middle_edits(old_middle, new_middle, start, time_limit)
    return edits if len(edits) <= MAX_EDITS else [Edit(start, len(old_middle.encode()), new_middle)]


def _middle_edits(old: str, new: str, index: int, time_limit: float) -> list[Edit]:
    edits: list[Edit] = []
    at_old = at_new = 0
    deleted, inserted = 0, ""
    for kind, count in [*matching.runs(old, new, time_limit), ("=", 0)]:
        if kind == "-":
            deleted += len(old[at_old : at_old + count].encode())
            at_old += count
        elif kind == "+":
            inserted += new[at_new : at_new + count]
            at_new += count
        else:
            if deleted or inserted:
                edits.append(Edit(index, deleted, inserted))
                index += len(inserted.encode())
                deleted, inserted = 0, ""
            index += len(old[at_old : at_old + count].encode())
            at_old += count
            at_new += count
    return edits
