"""Result lines to Markdown: what is reached, then one table a figure with the ratios to mdreader.

python -m bench.report results.jsonl                              prints it for runs that were recorded
python -m bench.report results.jsonl --into docs/benchmarks.md    puts it there, between the two marks
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import FIGURES, Figure, Row, Target, representative, value
from bench.machine import describe

GEN_LIMIT = 85  # % of a core: above, the generator is the bottleneck
FOREIGN_LIMIT = 25  # % of a core that others took: above, a latency says little
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Verdict:
    """A target as a row of the summary; `reached` is None when it was not measured."""

    goal: str
    found: str
    reached: bool | None

    def cells(self) -> str:
        word = {True: "reached", False: "**not reached**", None: "not measured"}[self.reached]
        return f"{self.goal} | {self.found} | {word}"


def load(files: list[Path]) -> list[Row]:
    """All rows of these files; a line cut short by a crash is left out."""
    rows = []
    for line in "\n".join(f.read_text() for f in files).split("\n"):
        if not line:
            continue
        try:
            rows.append(json.loads(line))
        except ValueError:
            print(f"unreadable line left out: {line[:80]}", file=sys.stderr)
    return rows


def _cell(found: Any, decimals: int) -> str:
    if found is None:
        return "-"
    if isinstance(found, bool):
        return "yes" if found else "NO"
    if isinstance(found, dict) and "good" in found:
        return f"{found['good']}/{found['good'] + found['bad']}"
    if isinstance(found, dict):
        return ", ".join(f"{k}: {v:,}" for k, v in found.items())
    return f"{found:,.{decimals}f}" if isinstance(found, int | float) else str(found)


def _number(found: float) -> str:
    return f"{found:,.0f}" if found >= 1000 else f"{found:.3g}"


def _spread(rows: list[Row], key: str) -> str:
    numbers = [v for r in rows if isinstance(v := value(r, key), int | float)]
    return f"{_number(min(numbers))} to {_number(max(numbers))}" if len(numbers) > 1 else "-"


class Results:
    """The rows of one figure, and the one that stands for each server."""

    def __init__(self, figure: Figure, rows: list[Row]) -> None:
        self.figure = figure
        self.rows = [r for r in rows if r["run"] == figure.name]
        self.labels = sorted(dict.fromkeys(r["label"] for r in self.rows), key=lambda label: label != "mdreader")
        self.good = {
            label: [r for r in self.rows if r["label"] == label and not r.get("error")] for label in self.labels
        }
        self.middle = {label: representative(figure, runs) for label, runs in self.good.items() if runs}

    def _of(self, label: str, key: str) -> float | None:
        found = value(self.middle[label], key) if label in self.middle else None
        return found if isinstance(found, int | float) else None

    def judge(self, target: Target) -> Verdict:
        """Hold mdreader against one target."""
        own = self._of("mdreader", target.key)
        what = next((heading for heading, key, _ in self.figure.columns if key == target.key), target.key)
        if target.limit is not None:
            goal = f"{what}: at most {target.limit:g}"
            return Verdict(goal, "-", None) if own is None else Verdict(goal, _number(own), own <= target.limit)
        known = {p: v for p in target.peers if (v := self._of(p, target.key)) is not None}
        goal = f"{what}: at most {target.share:.2g} of {' or '.join(target.peers)}"
        if own is None or not known:
            return Verdict(goal, "-", None)
        best = min(known, key=lambda p: known[p])
        ratio = own / known[best]
        found = f"{ratio:.2f} of {best} ({_number(own)} against {_number(known[best])})"
        return Verdict(goal, found, ratio <= target.share)

    def _row(self, label: str) -> str:
        if label not in self.middle:
            reason = next(r["error"] for r in self.rows if r["label"] == label).splitlines()[0]
            return f"| {label} | 0 | {reason[:120]} |" + " |" * (len(self.figure.columns) + 3)
        row, own, theirs = self.middle[label], self._of("mdreader", self.figure.key), self._of(label, self.figure.key)
        cells = [_cell(value(row, key), decimals) for _, key, decimals in self.figure.columns]
        ratio = f"{own / theirs:.2f}" if own is not None and theirs else "-"
        disturbed = [_cell(row.get("genPct"), 0), _cell(row.get("foreignPct"), 0)]
        runs = self.good[label]
        return f"| {' | '.join([label, str(len(runs)), *cells, _spread(runs, self.figure.key), ratio, *disturbed])} |"

    def _notes(self) -> list[str]:
        failed = {
            label: n for label in self.labels if (n := sum(r["label"] == label for r in self.rows if r.get("error")))
        }
        slow = [label for label, r in self.middle.items() if (r.get("genPct") or 0) > GEN_LIMIT]
        busy = [label for label, r in self.middle.items() if (r.get("foreignPct") or 0) > FOREIGN_LIMIT]
        notes = [f"{label}: {n} run(s) failed and were repeated or left out" for label, n in failed.items()]
        notes += [f"the generator was the bottleneck for {', '.join(slow)}"] if slow else []
        notes += [f"others used more than {FOREIGN_LIMIT} % of a core beside {', '.join(busy)}"] if busy else []
        return notes

    def table(self) -> str:
        """Servers as rows, what disturbed the runs, and the verdicts."""
        heads = [c[0] for c in self.figure.columns]
        heads = ["server", "runs", *heads, f"spread ({self.figure.unit})", "mdreader / it", "gen %", "foreign %"]
        lines = [f"### {self.figure.name}: {self.figure.title}", "", f"| {' | '.join(heads)} |"]
        lines += ["| --- " + "| --: " * (len(heads) - 1) + "|", *(self._row(label) for label in self.labels), ""]
        lines += [f"* {v.goal}. {v.found}: {v.cells().split(' | ')[-1]}." for v in map(self.judge, self.figure.targets)]
        return "\n".join([*lines, *(f"* Note: {n}." for n in self._notes()), ""])


def _head(rows: list[Row]) -> list[str]:
    machines = list(dict.fromkeys(describe(r["machine"]) for r in rows if "machine" in r))
    commits = list(dict.fromkeys(r["machine"]["commit"] for r in rows if r["label"] == "mdreader" and "machine" in r))
    versions = {r["label"]: r["versions"] for r in rows if r.get("versions")}
    dates = sorted(r["at"][:10] for r in rows if "at" in r)
    head = [f"* Machine: {m}." for m in machines]
    changed = " (+: with changes not committed)" if any(c.endswith("+") for c in commits) else ""
    head += [f"* mdreader at {', '.join(commits)}{changed}."] if commits else []
    head += [f"* {label}: {', '.join(f'{k} {v}' for k, v in parts.items())}." for label, parts in versions.items()]
    head += [f"* Measured {dates[0]}{'' if dates[0] == dates[-1] else ' to ' + dates[-1]}."] if dates else []
    before = sorted({r.get("pre", "") for r in rows} - {""})
    return [*head, *(f"* Server and generator ran under `{b}`." for b in before)]


def report(rows: list[Row]) -> str:
    """All figures that these rows have, in the order of the plan."""
    have = {r["run"] for r in rows}
    results = [Results(f, rows) for f in FIGURES.values() if f.name in have]
    lines = [*_head(rows), "", "| figure | target | measured | |", "| --- | --- | --- | --- |"]
    lines += [f"| {r.figure.name} | {r.judge(t).cells()} |" for r in results for t in r.figure.targets]
    return "\n".join([*lines, "", *(r.table() for r in results)])


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the marks. Raises ValueError when the page has none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN} ... {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    made = report(load(arguments.files))
    if arguments.into:
        put_into(arguments.into, made)
    else:
        print(made)
