"""Settings to runtime: the one file that names adapters."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mdreader.adapters.fanout_local import LocalFanout
from mdreader.adapters.rate_limits_local import LocalRateLimits
from mdreader.db.engine import Database
from mdreader.features.accounts.identity import EmbeddedIdentity
from mdreader.features.collab.joining import Doorkeeper
from mdreader.features.collab.rooms import Rooms
from mdreader.kernel.clock import SystemClock
from mdreader.migrations import upgrade
from mdreader.runtime import Policy, Runtime
from mdreader.settings import Settings


def read_secret(data: Path) -> bytes:
    """The key that signs tokens: made at the first start, readable by the owner alone."""
    path = data / "secret.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        secret = secrets.token_bytes(32)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return secret


def database_file(settings: Settings) -> Path:
    """Where the embedded database lies."""
    return settings.data.resolve() / "mdreader.sqlite3"


@asynccontextmanager
async def build_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Bring the database up to date, open every part, hand them out together, and close them in reverse."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade(database_file(settings))
    policy = Policy(
        signup_open=settings.signup == "open",
        max_document_bytes=settings.max_document_bytes,
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies,
        allowed_origins=settings.allowed_origins,
        metrics_token=settings.metrics_token,
    )
    database = Database(database_file(settings))
    clock = SystemClock()
    fanout = LocalFanout()
    secret = read_secret(settings.data)
    identity = EmbeddedIdentity(database=database, clock=clock, secret=secret)
    rooms = Rooms(database=database, clock=clock, max_document_bytes=policy.max_document_bytes)
    runtime = Runtime(
        database=database,
        identity=identity,
        fanout=fanout,
        live=rooms,
        rate_limits=LocalRateLimits(),
        clock=clock,
        policy=policy,
        secret=secret,
        data=settings.data,
    )
    try:
        # The identity listens first: whoever reacts to the end of a session must not find it remembered.
        async with identity.running(fanout), rooms.running():
            unsubscribe = fanout.subscribe(Doorkeeper(runtime).on_event)
            try:
                yield runtime
            finally:
                unsubscribe()
    finally:
        await database.close()
