"""What two texts share, found by the algorithm of diff-match-patch: in C++ where there is a wheel of it, else in Python. Pure.

`runs` is the one that is in. Both keep every character they can, so that cursors and anchors stay on it.
"""

from collections.abc import Callable, Iterable

from diff_match_patch import diff_match_patch

try:
    from fast_diff_match_patch import diff
except ImportError:  # Python 3.13 and later, Linux on ARM
    diff = None

# From an old and a new text and a limit in seconds: how many characters (code points) in turn stay ("="), go ("-") or come ("+").
# Past the limit the rest is coarser; the search may go on for twice as long on texts of a few million characters.
Runs = Callable[[str, str, float], Iterable[tuple[str, int]]]


def _runs_compiled(old: str, new: str, time_limit: float) -> Iterable[tuple[str, int]]:
    # cleanup="No": what reads better for people would give up characters that stay.
    runs: list[tuple[str, int]] = diff(old, new, timelimit=time_limit, checklines=True, cleanup="No", counts_only=True)
    return runs


def _runs_in_python(old: str, new: str, time_limit: float) -> Iterable[tuple[str, int]]:
    matcher = diff_match_patch()
    matcher.Diff_Timeout = time_limit
    return [("-=+"[kind + 1], len(text)) for kind, text in matcher.diff_main(old, new)]


# Every one that this installation has, the fastest first.
MATCHERS: dict[str, Runs] = {"compiled": _runs_compiled, "python": _runs_in_python}
if diff is None:
    del MATCHERS["compiled"]
runs: Runs = next(iter(MATCHERS.values()))
