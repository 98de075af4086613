"""`mdreader doctor`: looks at everything that a start needs, one line each, with what to do about it."""

import contextlib
import json
import os
import platform
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape

from mdreader import __version__, migrations
from mdreader.bootstrap.database import SECRET_BYTES, database_file, on_postgres
from mdreader.cli.doctor_sign_in import sign_in
from mdreader.http.page import PAGE_FOLDER
from mdreader.kernel.data_folder import running_server
from mdreader.kernel.findings import Finding
from mdreader.migrations.schema import Schema
from mdreader.settings import Settings, SettingsError, load_settings

LOW_SPACE = 1_000_000_000
NO_SPACE = 100_000_000
_MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}


def run(*, cloud: bool = False, as_json: bool = False) -> int:
    """Print every finding, those of the cloud too when they are asked for; 1 when one is a failure."""
    console = Console(highlight=False, soft_wrap=True)
    failed = False
    for finding in examine(cloud=cloud):
        failed |= finding.state == "fail"
        if as_json:
            print(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        advice = f"\n      [dim]{escape(finding.advice)}[/]" if finding.advice else ""
        console.print(f"{_MARKS[finding.state]} {finding.subject:<12} {escape(finding.text)}{advice}")
    return int(failed)


def examine(*, cloud: bool = False) -> Iterator[Finding]:
    """All findings, as they are made."""
    yield versions()
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding("fail", "settings", "; ".join(str(error).splitlines()), "docs/settings.md says what each may be.")
        return
    yield Finding("ok", "settings", "every variable can be used")
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        folder,
        secret,
        database,
        page,
        port,
        clock,
        outside,
        sign_in,
    )
    for check in checks:
        yield from check(settings)
    if cloud:
        from mdreader.cli.doctor_cloud import examine_cloud

        yield from examine_cloud(settings)


def versions() -> Finding:
    """What is installed."""
    parts = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "picows", "pycrdt", "sqlalchemy"))
    text = f"mdreader {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {parts}"
    return Finding("ok", "versions", text)


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder and the disk under it."""
    data = settings.data.resolve()
    existing = next(parent for parent in (data, *data.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        advice = f"Give yourself the right to write to {existing}, or set MDREADER_DATA to another folder."
        yield Finding("fail", "data folder", f"{data} cannot be written", advice)
        return
    if not data.exists():
        yield Finding("ok", "data folder", f"{data} will be made at the first start")
    elif data.stat().st_mode & 0o077:
        yield Finding("warn", "data folder", f"{data} can be read by other users of this machine", f"chmod 700 {data}")
    else:
        yield Finding("ok", "data folder", f"{data} is there and yours alone")
    free = shutil.disk_usage(existing).free
    text = f"{free / 1e9:.1f} GB free"
    if free < NO_SPACE:
        yield Finding("fail", "disk", text, "Free some space: without it edits cannot be saved.")
    elif free < LOW_SPACE:
        yield Finding("warn", "disk", text, "Free some space soon.")
    else:
        yield Finding("ok", "disk", text)


def secret(settings: Settings) -> Iterator[Finding]:
    """The key that signs tokens, where it is a file."""
    path = settings.data.resolve() / "secret.key"
    if on_postgres(settings) or not path.is_file():
        return
    found = path.stat()
    if found.st_size < SECRET_BYTES:
        text = f"{path} has {found.st_size} bytes instead of {SECRET_BYTES}: it was copied in part"
        yield Finding("fail", "secret key", text, "Restore it from a backup: the server does not start with it.")
    elif found.st_mode & 0o077:
        yield Finding("warn", "secret key", f"{path} can be read by other users of this machine", f"chmod 600 {path}")
    else:
        yield Finding("ok", "secret key", "whole, and yours alone")


def database(settings: Settings) -> Iterator[Finding]:
    """The database file: whole, and of this version."""
    if on_postgres(settings):
        yield Finding("ok", "database", "PostgreSQL, by DATABASE_URL: mdreader doctor --cloud looks at it")
        return
    file = database_file(settings)
    if not file.exists():
        yield Finding("ok", "database", "none yet; the first start makes it")
        return
    restore = "Stop the server and restore the data folder from a backup."
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        schema = migrations.current_schema(file)
    except sqlite3.Error as error:
        # Beside a file that is whole SQLite wants to write another.
        closed = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
        advice = f"Give yourself the right to read and write {file} and its folder." if closed else restore
        yield Finding("fail", "database", f"{file} cannot be read: {error}", advice)
        return
    if problems != ["ok"]:
        yield Finding("fail", "database", f"{file} is damaged: {'; '.join(problems)}", restore)
    else:
        yield Finding("ok", "database", f"{file.stat().st_size / 1e6:.1f} MB, whole")
    yield migrated(schema)


def migrated(schema: Schema) -> Finding:
    """Whether the schema is this version's."""
    if schema == (migrations.HEAD, migrations.POST):
        return Finding("ok", "migrations", f"at {schema}, the newest")
    if schema.pre is None or schema.pre < migrations.HEAD:
        advice = "The next start brings it up to date; mdreader migrate does it now."
        return Finding("warn", "migrations", f"at {schema}, the newest is {migrations.HEAD}", advice)
    advice = "Start the newer version that made it, or restore a backup."
    return Finding("fail", "migrations", f"at {schema}, newer than this version's {migrations.HEAD}", advice)


def page(_settings: Settings) -> Iterator[Finding]:
    """The page's files."""
    if (PAGE_FOLDER / "index.html").exists():
        yield Finding("ok", "page", "built")
    else:
        yield Finding("fail", "page", "not built: people would see a notice instead", "make web")


def port(settings: Settings) -> Iterator[Finding]:
    """Whether the server can listen, or does already."""
    where = f"{settings.host}:{settings.port}"
    server = running_server(settings.data)
    if server is not None:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(server.started / 1000))
        yield Finding("ok", "server", f"runs at {server.url} since {since} (process {server.pid})")
        if urlsplit(server.url).port == settings.port:
            return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            advice = f"Stop what listens there{_listener(settings.port)}, or choose another: PORT={settings.port + 1}"
            yield Finding("fail", "port", f"{where}: {error.strerror}", advice)
            return
    yield Finding("ok", "port", f"{where} is free")


def _listener(number: int) -> str:
    """Which process listens on a port, as far as Linux tells this user; else nothing."""
    listening = "0A"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError, IndexError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == number:
                    inodes.add(f"socket:[{fields[9]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with contextlib.suppress(OSError):
            if descriptor.readlink().name in inodes:
                process = descriptor.parent.parent
                return f" (process {process.name}, {(process / 'comm').read_text().strip()})"
    return ""


def clock(settings: Settings) -> Iterator[Finding]:
    """Whether the machine's time can be right: tokens and sign-ins depend on it."""
    now = time.time()
    file = database_file(settings)
    newest = max((path.stat().st_mtime for path in (file, Path(__file__)) if path.exists()), default=0.0)
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < newest - 60:
        advice = "Set the clock, best by NTP: with a wrong one, people are logged out."
        yield Finding("fail", "clock", f"{text} is before files that are already here", advice)
    else:
        yield Finding("ok", "clock", text)


def outside(settings: Settings) -> Iterator[Finding]:
    """Whether the settings fit each other for a server that others reach."""
    url, proxies = settings.public_url, settings.trusted_proxies
    local = settings.host in {"127.0.0.1", "::1", "localhost"}
    if url and url.startswith("https://") and not proxies:
        advice = "If a proxy ends HTTPS before this server, name it: MDREADER_TRUSTED_PROXIES=127.0.0.1"
        yield Finding(
            "warn", "proxy", f"PUBLIC_URL is {url}, but no proxy is trusted: all clients share its limits", advice
        )
    elif proxies and not url:
        advice = "Set PUBLIC_URL to the address that people open, or unset MDREADER_TRUSTED_PROXIES."
        yield Finding("warn", "proxy", "proxies are trusted, but PUBLIC_URL is not set", advice)
    elif any(network.prefixlen == 0 for network in proxies):
        advice = "Name the proxy's own address: now every client may say that it comes from anywhere."
        yield Finding("fail", "proxy", "MDREADER_TRUSTED_PROXIES trusts everybody", advice)
    elif not local and not url:
        advice = "On a network that you do not trust, put a proxy with HTTPS before it and set PUBLIC_URL."
        yield Finding("warn", "network", f"{settings.host} is open to the network without HTTPS", advice)
    else:
        yield Finding("ok", "network", url or "this machine only")
