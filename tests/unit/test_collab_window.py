"""How long a room gathers edits: by how many people are in it, and how many edits come."""

import pytest

from mdreader.features.collab.window import EARLY, LONGEST, SHORTEST, STEPS, Window


def typed(people_typing: int, rate: float = 5.0, seconds: float = 5.0, wall: float = 0.0) -> tuple[Window, float]:
    """A window in front of which so many people have been typing, evenly, each edit taken alone."""
    window, now = Window(lambda: wall), 0.0
    for _ in range(int(seconds * rate * people_typing)):
        now += 1 / (rate * people_typing)
        window.sent(1, now)
    return window, now


def test_few_people_wait_for_nothing() -> None:
    window, now = typed(6)
    assert window.seconds(6, now) == 0.0


def test_the_first_edit_after_a_pause_waits_for_nothing() -> None:
    assert Window().seconds(50, 0.0) == 0.0
    window, now = typed(10)
    assert window.seconds(50, now + 0.05) > 0.0
    assert window.seconds(50, now + 0.11) == 0.0


@pytest.mark.parametrize(
    ("people", "typists", "milliseconds"),
    [
        (7, 2, (10, 10)),  # six system calls a frame are hardly worth waiting for
        (20, 2, (15, 17)),
        (50, 10, (39, 41)),  # as long as anybody may have to wait
        (50, 50, (10, 15)),  # three edits come soon
        (100, 100, (34, 36)),  # each edit is for a hundred
    ],
)
def test_it_is_as_long_as_a_frame_is_dear_and_edits_are_rare(
    people: int, typists: int, milliseconds: tuple[int, int]
) -> None:
    window, now = typed(typists)
    shortest, longest = milliseconds
    assert shortest <= 1000 * window.seconds(people, now) <= longest


def test_nothing_makes_it_longer_or_shorter_than_its_bounds() -> None:
    for people in (7, 100, 10_000):
        for typists in (1, 30, 1000):
            window, now = typed(typists, seconds=1.5)
            wait = window.seconds(people, now)
            assert wait == 0.0 or SHORTEST <= wait <= LONGEST


def test_while_other_servers_type_along_it_ends_on_all_of_them_at_once() -> None:
    window, now = typed(20)
    alone = window.seconds(20, now)
    assert not window.is_shared(20, now)
    ends = set()
    for wall in (1000.0, 1000.0071, 1000.0229):
        shared, now = typed(20, wall=wall)
        shared.followed(now)
        assert shared.is_shared(20, now)
        wait = shared.seconds(20, now)
        assert wait > EARLY
        ends.add(round((wall + wait) / STEPS[1], 6))
        shared.sent(1, now + 1.1)
        assert not shared.is_shared(20, now + 1.1)  # they have stopped
        assert shared.seconds(20, now + 1.1) == pytest.approx(alone, rel=0.1)
    assert all(end == int(end) for end in ends)


@pytest.mark.parametrize(("people", "typists", "step"), [(7, 2, 0.0125), (20, 2, 0.0375), (100, 100, 0.0375)])
def test_its_step_is_as_long_as_it_would_be_alone_at_least(people: int, typists: int, step: float) -> None:
    def wait(wall: float) -> float:
        window, now = typed(typists, wall=wall)
        window.followed(now)
        return window.seconds(people, now)

    assert step * 0.9 < max(wait(1000.0 + milliseconds / 1000) for milliseconds in range(60)) <= step + EARLY
    window, now = typed(typists)
    window.followed(now)
    assert not window.is_shared(6, now)
    assert window.seconds(6, now) == 0.0


def test_a_rewrite_alone_or_a_marker_does_not_disturb_it() -> None:
    window = Window()
    window.sent(0, 1.0)
    assert window.seconds(50, 1.01) == 0.0
    window.sent(1, 1000.0)
    window.sent(1, 5000.0)
    assert window.seconds(50, 5000.01) == pytest.approx(LONGEST)
