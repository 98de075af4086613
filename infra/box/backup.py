"""Copies of the box's data folder: `backup.py save NAME`, `backup.py restore NAME`. Runs in the server's own image.

A copy is one file, BOX_BACKUPS/NAME.tar: the database as it stood at one moment, while the server runs, with the secret
key and the files beside it. The newest 14 are kept. Restoring needs a stopped server, and keeps what was there.
"""

import fcntl
import os
import re
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from contextlib import closing
from pathlib import Path

DATA = Path(os.environ.get("BOX_DATA", "/data"))
BACKUPS = Path(os.environ.get("BOX_BACKUPS", "/backups"))
KEPT = 14
DATABASE = "mdreader.sqlite3"
# What else is worth keeping; the rest (locks, the write-ahead log) belongs to a run.
BESIDE = ("secret.key", "blobs")
ASIDE = "before-restore-"


def checked(database: Path) -> None:
    """SystemExit when the database is not whole."""
    with closing(sqlite3.connect(database)) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise SystemExit(f"{database.name} is damaged: {answer}")


def save(name: str) -> Path:
    """Write a copy, and let go of the oldest ones beyond `KEPT`."""
    source = DATA / DATABASE
    if not source.exists():
        raise SystemExit(f"There is no {DATABASE} in the data folder: nothing to copy.")
    target = BACKUPS / f"{name}.tar"
    with tempfile.TemporaryDirectory(dir=BACKUPS, prefix=".copy-") as folder:
        copy = Path(folder) / DATABASE
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as made:
            live.backup(made)
            made.execute("PRAGMA journal_mode = DELETE")
        checked(copy)
        packed = Path(folder) / "packed"
        with packed.open("wb") as file:
            packed.chmod(0o600)
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(copy, DATABASE)
                for other in BESIDE:
                    if (DATA / other).exists():
                        archive.add(DATA / other, other)
            file.flush()
            os.fsync(file.fileno())
        packed.rename(target)
    for old in sorted(BACKUPS.glob("*.tar"), key=lambda path: path.stat().st_mtime_ns)[:-KEPT]:
        old.unlink()
    return target


def restore(name: str) -> Path:
    """Put a copy in the place of the data folder's content; where that is now."""
    source = BACKUPS / f"{name}.tar"
    if not source.exists():
        there = ", ".join(sorted(path.stem for path in BACKUPS.glob("*.tar"))) or "none"
        raise SystemExit(f"There is no copy {name}. There are: {there}")
    with (DATA / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("A server runs on this data folder. Stop it first.") from None
        return _replace(source)


def _unpack(source: Path, folder: Path) -> None:
    """What `save` packed, and nothing else: files and folders, inside `folder`. Python has a filter for that, but only from 3.11.4 on."""
    with tarfile.open(source) as archive:
        for member in archive:
            target = folder / member.name
            if ".." in target.parts or not target.is_relative_to(folder):
                raise SystemExit(f"That copy is not of this script's making: {member.name} leads out of it.")
            if member.isdir():
                target.mkdir(mode=0o700, parents=True, exist_ok=True)
                continue
            content = archive.extractfile(member) if member.isfile() else None
            if content is None:
                raise SystemExit(f"That copy is not of this script's making: {member.name} is no file.")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with content, target.open("xb") as file:
                target.chmod(member.mode & 0o700)
                shutil.copyfileobj(content, file)


def _replace(source: Path) -> Path:
    fresh = DATA / ".restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    _unpack(source, fresh)
    checked(fresh / DATABASE)
    aside = DATA / f"{ASIDE}{time.strftime('%Y%m%d-%H%M%S')}"
    aside.mkdir()
    stays = {"server.lock", "lost+found"}
    for entry in list(DATA.iterdir()):
        if entry.name not in stays and not entry.name.startswith((ASIDE, ".restoring")):
            entry.rename(aside / entry.name)
    for entry in list(fresh.iterdir()):
        entry.rename(DATA / entry.name)
    fresh.rmdir()
    return aside


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case [("save" | "restore") as what, name] if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            if what == "save":
                print(f"Copied to {save(name)}")
            else:
                print(f"Restored; what was there lies in {restore(name)}")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
