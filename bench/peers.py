"""The servers under test and how each is started.

To add one: a name, the URL up to and without the room, the framing ("yws": the room is the end of the path; "hocuspocus"), the
command that runs in the foreground, its environment.
"""

import json
import os
import socket
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from bench import paths


@dataclass(frozen=True)
class Peer:
    """One server; `data` of `launch` is a fresh folder per run."""

    name: str
    command: str
    path: str = ""
    proto: str = "yws"
    env: dict[str, str] = field(default_factory=dict)
    database: str = ""  # its name inside the data folder; empty: it keeps nothing
    prepare: str = ""
    packages: tuple[str, ...] = ()

    @property
    def durable(self) -> bool:
        return bool(self.database)

    def launch(self, data: Path) -> tuple[list[str], dict[str, str]]:
        """Options for the generator and the environment, for one run on a free port."""
        port = _free_port()
        env = {**self.env, "HOST": "127.0.0.1", "PORT": str(port)}
        if self.database:
            env["DB"] = env["MDREADER_DATA"] = str(data / self.database)
        options = ["--url", f"ws://127.0.0.1:{port}{self.path}", "--proto", self.proto, "--cmd", self.command]
        return ([*options, "--prepare", self.prepare] if self.prepare else options), env


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def peers() -> dict[str, Peer]:
    """Every server by name. `BENCH_PEER` (JSON, the fields of Peer) adds one without touching this file."""
    deps, node, python = paths.deps(), paths.node(), paths.peer_python()
    mdreader = os.environ.get("BENCH_MDREADER", f"{Path(sys.executable).with_name('mdreader')} serve")
    hocuspocus = f"{node} {deps}/hocuspocus/hocuspocus.mjs"
    hocuspocus_packages = ("hocuspocus/@hocuspocus/server",)
    sqlite = ("hocuspocus/@hocuspocus/extension-sqlite", "hocuspocus/better-sqlite3")
    yws, yws_packages = f"{node} {deps}/yws/yws.mjs", ("yws/@y/websocket-server",)
    pycrdt, pycrdt_packages = f"{python} {paths.SERVERS}/pycrdt_server.py", ("pycrdt-websocket", "pycrdt", "uvicorn")
    known = [
        Peer(
            "mdreader",
            mdreader,
            path="/api/collab",
            database="mdreader",
            prepare=f"{sys.executable} {paths.HERE}/prepare.py",
        ),
        Peer(
            "hocuspocus+sqlite",
            hocuspocus,
            "",
            "hocuspocus",
            database="h.sqlite",
            packages=hocuspocus_packages + sqlite,
        ),
        Peer("hocuspocus", hocuspocus, "", "hocuspocus", packages=hocuspocus_packages),
        Peer("yws+leveldb", yws, database="leveldb", packages=(*yws_packages, "yws/y-leveldb")),
        Peer("yws", yws, packages=yws_packages),
        Peer("pycrdt+sqlite", pycrdt, database="pycrdt.sqlite", packages=(*pycrdt_packages, "pycrdt-store")),
        Peer("pycrdt", pycrdt, packages=pycrdt_packages),
    ]
    if more := os.environ.get("BENCH_PEER"):
        known.append(Peer(**json.loads(more)))
    return {p.name: p for p in known}


def versions(peer: Peer) -> dict[str, str]:
    """The versions of what this peer is made of, as installed."""
    if peer.name == "mdreader":
        return {p: _own_version(p) for p in ("mdreader", "picows", "pycrdt", "uvicorn", "fastapi", "sqlalchemy")}
    found = {}
    for package in peer.packages:
        folder, slash, name = package.partition("/")
        found[name if slash else package] = _npm_version(folder, name) if slash else _pip_version(package)
    return found


def _own_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "?"


def _npm_version(folder: str, name: str) -> str:
    description = json.loads((paths.deps() / folder / "node_modules" / name / "package.json").read_text())
    return str(description["version"])


def _pip_version(package: str) -> str:
    for info in (paths.deps() / "py/lib").glob(f"python*/site-packages/{package.replace('-', '_')}-*.dist-info"):
        return info.name.removesuffix(".dist-info").rpartition("-")[2]
    return "?"
