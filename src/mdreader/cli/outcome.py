"""What a command says at its end: a small table, and the names behind its numbers."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from mdreader.features.transfer.folder.walk import printable

# How many names of one kind are told without being asked.
_SHOWN: Final = 10


def prepare_output() -> None:
    """Let every name be printed, whatever the terminal's encoding is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_counts(rows: Iterable[tuple[str, int, str]]) -> None:
    """A line each: what, how many, a remark. Rows that count nothing are left out."""
    for name, count, remark in rows:
        if count:
            print(f"  {name:<10} {count:>8,}   {remark}".rstrip())


def print_names(heading: str, names: Sequence[tuple[str, str]], *, everything: bool) -> None:
    """Names (a path, and why) below a heading; the first few, or all of them."""
    if not names:
        return
    shown = names if everything else names[:_SHOWN]
    print(f"\n{heading}")
    for path, why in shown:
        print(f"  {printable(path)}" + (f": {printable(why)}" if why else ""))
    if len(shown) < len(names):
        print(f"  and {len(names) - len(shown):,} more (--verbose names them)")


def stop(*lines: str) -> int:
    """Say why the command cannot do its work; the process's exit code."""
    for line in "\n".join(lines).splitlines():
        print(printable(line), file=sys.stderr)
    return 1
