"""Runs figures: mdreader and its peers alternately in one session, one JSON line a run, a table at the end.

python -m bench.run typing                         one figure (or group: see `--help`)
python -m bench.run A100 --peers mdreader,yws      only these servers
python -m bench.run all --out results.jsonl        everything; called again it takes up where it stopped
python -m bench.run B --quick                      a short look instead of a measurement
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import paths
from bench.figures import FIGURES, GROUPS, Figure, Row, value
from bench.machine import machine
from bench.peers import Peer, peers, versions
from bench.report import load, put_into, report

RUN_SECONDS = 420  # a run that takes longer hangs
SUMMARY = (
    "serverPct",
    "cpuSecPer1MDelivered",
    "cpuSecPer1kSent",
    "rssPerClientKB",
    "cpuUsPerRequest",
    "median.coldMs",
    "lost",
)
CONTEXT = ("latencyMs.p50", "latencyMs.p99", "deliveredOfExpected", "genPct", "foreignPct")


@dataclass(frozen=True)
class Session:
    """Where this session's runs go and how they differ from the plan's."""

    out: Path
    extra: tuple[str, ...]
    quick: bool
    server_core: str
    generator_core: str


def _options(figure: Figure, session: Session) -> list[str]:
    options = figure.options.format(traces=paths.traces()).split()
    for flag, short in figure.quick.items() if session.quick else ():
        if flag in options:
            options[options.index(flag) + 1] = short
        else:
            options += [flag, short]
    return [*options, *session.extra]


def run_once(figure: Figure, peer: Peer, session: Session) -> Row:
    """One scenario against one server, started afresh on an empty data folder; {"error": ...} when it failed."""
    before = os.environ.get("BENCH_PRE", "").split()
    pin = ["taskset", "-c", session.generator_core] if session.generator_core else []
    with tempfile.TemporaryDirectory(prefix="mdreader-bench-", dir=os.environ.get("BENCH_DATA")) as data:
        where, env = peer.launch(Path(data))
        argv = [*before, *pin, str(paths.node()), str(paths.GENERATOR / "main.mjs"), *_options(figure, session), *where]
        argv += ["--core", session.server_core]
        env = {**os.environ, **env, "BENCH_DEPS": str(paths.deps())}
        return _result(argv, env)


def _result(argv: list[str], env: dict[str, str]) -> Row:
    # a session of its own, so that a run that hangs can be ended together with the server it started
    process = subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, err = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {RUN_SECONDS} s"}
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    try:
        row: Row = json.loads(out.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": f"no result: {err[-300:]}"}
    return row


def _say(row: Row) -> None:
    said = {k: round(v, 3) for k in SUMMARY + CONTEXT if isinstance(v := value(row, k), int | float)}
    print(f"{row['at'][11:19]} {row['run']} {row['label']} {row.get('error') or json.dumps(said)}", flush=True)


def run_figure(figure: Figure, names: list[str], repeats: int, session: Session) -> None:
    """`repeats` rounds; in each round every server once, so that a slow hour hits them all. A failed run is tried once more."""
    known, done = peers(), load([session.out]) if session.out.exists() else []
    for i in range(repeats):
        for name in names:
            peer = known[name]
            if any(
                r["run"] == figure.name and r["label"] == name and r["round"] == i and not r.get("error") for r in done
            ):
                continue
            for _attempt in range(2):
                row = run_once(figure, peer, session)
                head = {
                    "run": figure.name,
                    "label": name,
                    "round": i,
                    "at": datetime.now(UTC).isoformat(timespec="seconds"),
                }
                row = {
                    **head,
                    **row,
                    "machine": machine(),
                    "versions": versions(peer),
                    "pre": os.environ.get("BENCH_PRE", ""),
                }
                with session.out.open("a") as f:
                    f.write(json.dumps(row) + "\n")
                _say(row)
                if not row.get("error"):
                    break


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "figures", nargs="+", metavar="FIGURE", help=f"of {', '.join(FIGURES)}, or a group: {', '.join(GROUPS)}"
    )
    parser.add_argument("--peers", help="comma-separated; by default mdreader and the figure's own")
    parser.add_argument("--repeats", type=int, help="rounds; by default the figure's own")
    parser.add_argument("--quick", action="store_true", help="short runs, one round: does it work?")
    parser.add_argument("--out", type=Path, help="JSON lines; runs that stand there already are not done again")
    parser.add_argument("--into", type=Path, help="a Markdown page that gets the report between its marks")
    parser.add_argument("--server-core", default="0", help="empty: not pinned")
    parser.add_argument("--generator-core", default="1", help="empty: not pinned")
    parser.add_argument(
        "--extra", default="", help="more options for the generator, as one string: --extra='--secs 20'"
    )
    return parser.parse_args()


def main() -> int:
    """Run, record, print. 1 when a figure could not be measured for mdreader."""
    a = _arguments()
    for stop in (signal.SIGTERM, signal.SIGINT):  # a run that is under way must not be left behind
        signal.signal(stop, lambda *_: sys.exit("bench: stopped; the same command with the same --out goes on"))
    names = [f for wanted in a.figures for f in GROUPS.get(wanted, (wanted,))]
    if unknown := [n for n in names if n not in FIGURES]:
        sys.exit(f"bench: no figure {', '.join(unknown)}")
    if not (paths.deps() / "generator/node_modules/yjs").exists():
        sys.exit(f"bench: nothing installed in {paths.deps()}; run `make -C bench setup`")
    pinned = (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None
    out = a.out or paths.deps() / "results" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    session = Session(
        out, tuple(a.extra.split()), a.quick, a.server_core if pinned else "", a.generator_core if pinned else ""
    )
    for name in names:
        figure = FIGURES[name]
        wanted = a.peers.split(",") if a.peers else ["mdreader", *figure.peers]
        able = [p for p in wanted if not (figure.options[0] in "EF" and not peers()[p].durable)]
        able = [p for p in able if not (figure.options[0] == "H" and peers()[p].path != "/api/collab")]
        run_figure(figure, able, a.repeats or (1 if a.quick else figure.repeats), session)
    rows = load([out])
    print(f"\n{report(rows)}\nRuns: {out}")
    if a.into:
        put_into(a.into, report(rows))
    failed = {
        n for n in names if not any(r["run"] == n and r["label"] == "mdreader" and not r.get("error") for r in rows)
    }
    return 1 if failed and (not a.peers or "mdreader" in a.peers.split(",")) else 0


if __name__ == "__main__":
    sys.exit(main())
