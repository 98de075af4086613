"""Sets of clock ranges by client: what is deleted in a document."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

_MANY: Final = 16


class RangeSet:
    """Clock ranges `[start, end)` by client id, kept sorted, apart and joined where they touch."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        """Start empty."""
        self._spans: dict[int, tuple[array[int], array[int]]] = {}

    def covers(self, client: int, start: int, end: int) -> bool:
        """Tell whether every clock of `[start, end)` is in the set."""
        spans = self._spans.get(client)
        if spans is None:
            return False
        index = bisect_right(spans[0], start) - 1
        return index >= 0 and spans[1][index] >= end

    def add(self, client: int, ranges: Iterable[tuple[int, int]]) -> None:
        """Add ranges, in any order and overlapping at will: linear, not quadratic, in their number."""
        spans = self._spans.get(client)
        if spans is None:
            spans = self._spans[client] = (array("I"), array("I"))
        starts, ends = spans
        ranges = list(ranges)
        if len(ranges) > _MANY:
            ranges.extend(zip(starts, ends, strict=True))
            ranges.sort()
            del starts[:], ends[:]
            for start, end in ranges:
                if ends and start <= ends[-1]:
                    ends[-1] = max(ends[-1], end)
                else:
                    starts.append(start)
                    ends.append(end)
            return
        for start, end in ranges:
            first = bisect_left(ends, start)
            last = bisect_right(starts, end)
            if first < last:
                starts[first:last] = array("I", (min(start, starts[first]),))
                ends[first:last] = array("I", (max(end, ends[last - 1]),))
            else:
                starts.insert(first, start)
                ends.insert(first, end)
