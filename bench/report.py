"""Result lines to Markdown: one table a figure, ratios to mdreader, and whether the target is reached.

`python -m bench.report results.jsonl` prints it again for runs that were recorded.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench.figures import FIGURES, Figure, Row, Target, median_row, value
from bench.machine import describe

GEN_LIMIT = 85  # % of a core: above, the generator is the bottleneck
FOREIGN_LIMIT = 25  # % of a core that others took: above, a latency says little


def load(files: list[Path]) -> list[Row]:
    """All rows of these files; a line cut short by a crash is left out."""
    rows = []
    for line in "\n".join(f.read_text() for f in files).splitlines():
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


def _spread(rows: list[Row], key: str) -> str:
    numbers = [v for r in rows if isinstance(v := value(r, key), int | float)]
    return f"{min(numbers):.3g} to {max(numbers):.3g}" if len(numbers) > 1 else "-"


def _label(row: Row) -> str:
    parts = row.get("versions", {})
    named = ", ".join(f"{k} {v}" for k, v in parts.items() if k not in {row["label"], "better-sqlite3"})
    return f"{row['label']} ({named})" if named and row["label"] != "mdreader" else row["label"]


def _judge(target: Target, medians: dict[str, Row]) -> str:
    own = value(medians["mdreader"], target.key) if "mdreader" in medians else None
    if target.limit is not None:
        if own is None:
            return f"{target.key} at most {target.limit:g}: not measured"
        return (
            f"{target.key} at most {target.limit:g}: {own:.4g}, {'reached' if own <= target.limit else 'NOT reached'}"
        )
    known = {p: v for p in target.peers if p in medians and isinstance(v := value(medians[p], target.key), int | float)}
    what = f"{target.key} at most {target.share:.2f} of {' or '.join(target.peers)}"
    if own is None or not known:
        return f"{what}: not measured"
    best = min(known, key=lambda p: known[p])
    ratio = own / known[best]
    return f"{what}: {ratio:.3f} of {best} ({own:.4g} against {known[best]:.4g}), {'reached' if ratio <= target.share else 'NOT reached'}"


def table(figure: Figure, rows: list[Row]) -> str:
    """One figure's rows as Markdown: medians, ratios, what disturbed the runs, and the verdicts."""
    mine = [r for r in rows if r["run"] == figure.name]
    labels = list(dict.fromkeys(r["label"] for r in mine))
    good = {label: [r for r in mine if r["label"] == label and not r.get("error")] for label in labels}
    medians = {label: median_row(runs, figure.key) for label, runs in good.items() if runs}
    own = value(medians["mdreader"], figure.key) if "mdreader" in medians else None
    heads = [c[0] for c in figure.columns]
    lines = [f"### {figure.name}: {figure.title}", ""]
    lines += [f"| server | runs | {' | '.join(heads)} | spread ({figure.unit}) | mdreader / it | gen % | foreign % |"]
    lines += ["| --- " + "| --: " * (len(heads) + 5) + "|"]
    notes = []
    for label in labels:
        if label not in medians:
            reason = next(r["error"] for r in mine if r["label"] == label).splitlines()[0]
            lines.append(f"| {label} | 0 | {reason[:120]} |" + " |" * (len(heads) + 3))
            continue
        row = medians[label]
        theirs = value(row, figure.key)
        ratio = f"{own / theirs:.2f}" if own is not None and theirs else "-"
        cells = [_cell(value(row, key), decimals) for _, key, decimals in figure.columns]
        disturbed = [_cell(row.get("genPct"), 0), _cell(row.get("foreignPct"), 0)]
        spread = _spread(good[label], figure.key)
        lines.append(f"| {' | '.join([_label(row), str(len(good[label])), *cells, spread, ratio, *disturbed])} |")
        failed = sum(1 for r in mine if r["label"] == label and r.get("error"))
        notes += [f"{label}: {failed} more run(s) failed"] if failed else []
        notes += [f"{label}: the generator was the bottleneck"] if (row.get("genPct") or 0) > GEN_LIMIT else []
        notes += (
            [f"{label}: others used {row['foreignPct']:.0f} % of a core"]
            if (row.get("foreignPct") or 0) > FOREIGN_LIMIT
            else []
        )
    lines += ["", *(f"* Target: {_judge(t, medians)}." for t in figure.targets), *(f"* {n}." for n in notes), ""]
    return "\n".join(lines)


def report(rows: list[Row]) -> str:
    """All figures that these rows have, in the order of the plan."""
    machines = list(dict.fromkeys(describe(r["machine"]) for r in rows if "machine" in r))
    own: dict[str, str] = next((r["versions"] for r in rows if r.get("label") == "mdreader" and "versions" in r), {})
    dates = sorted(r["at"][:10] for r in rows if "at" in r)
    commits = list(
        dict.fromkeys(r["machine"]["commit"] for r in rows if r.get("label") == "mdreader" and "machine" in r)
    )
    head = [f"Machine: {m}." for m in machines]
    if own:
        parts = ", ".join(f"{k} {v}" for k, v in own.items() if k != "mdreader")
        head.append(f"mdreader at {', '.join(commits)} (+: with changes not committed), with {parts}.")
    head += [f"Measured {dates[0]}{'' if dates[0] == dates[-1] else ' to ' + dates[-1]}."] if dates else []
    have = {r["run"] for r in rows}
    return "\n".join([*head, "", *(table(f, rows) for f in FIGURES.values() if f.name in have)])


if __name__ == "__main__":
    print(report(load([Path(f) for f in sys.argv[1:]])))
