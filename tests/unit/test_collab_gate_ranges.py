from hypothesis import given
from hypothesis import strategies as st

from mdreader.features.collab.ranges import RangeSet

SPANS = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(st.lists(SPANS, max_size=40), max_size=6), SPANS)
def test_a_set_of_ranges_is_the_set_of_their_clocks(
    batches: list[list[tuple[int, int]]], asked: tuple[int, int]
) -> None:
    ranges = RangeSet()
    clocks: set[int] = set()
    for batch in batches:
        ranges.add(1, batch)
        clocks.update(clock for start, end in batch for clock in range(start, end))
        assert ranges.covers(1, *asked) == clocks.issuperset(range(*asked))
    if batches:
        starts, ends = ranges._spans[1]
        assert sum(ends) - sum(starts) == len(clocks)
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


def test_clients_are_apart() -> None:
    ranges = RangeSet()
    ranges.add(1, [(0, 5)])
    assert ranges.covers(1, 0, 5)
    assert not ranges.covers(2, 0, 5)
    assert not ranges.covers(1, 4, 6)
