"""A start whose PostgreSQL is not there yet."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from mdreader.bootstrap.database import open_database
from mdreader.kernel.errors import UnavailableError
from mdreader.settings import Settings, load_settings
from support.chaos import ChaosProxy
from support.waiting import eventually


@pytest.fixture
def away(postgres_url: str) -> Iterator[ChaosProxy]:
    """The way to PostgreSQL, cut."""
    port = urlsplit(postgres_url).port
    assert port is not None
    with ChaosProxy(port) as proxy:
        proxy.cut()
        yield proxy


@pytest.fixture
def on_the_way(tmp_path: Path, postgres_url: str, away: ChaosProxy) -> Settings:
    parts = urlsplit(postgres_url)
    address = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{away.port}"))
    return load_settings(data=tmp_path, database_url=address.geturl())


async def test_it_waits_and_says_so(on_the_way: Settings, away: ChaosProxy) -> None:
    async def start() -> str:
        async with open_database(on_the_way, patience=60) as database, database.read():
            return database.dialect

    with capture_logs() as lines:
        starting = asyncio.create_task(start())
        await eventually(lambda: any(line["event"] == "database_awaited" for line in lines), "word of it")
        await asyncio.to_thread(away.heal)
        assert await starting == "postgresql"


async def test_it_does_not_wait_for_ever(on_the_way: Settings, away: ChaosProxy) -> None:
    with pytest.raises(UnavailableError):
        async with open_database(on_the_way, patience=0):
            pass


async def test_it_does_not_wait_for_what_will_not_be_otherwise(on_the_way: Settings, away: ChaosProxy) -> None:
    await asyncio.to_thread(away.heal)
    elsewhere = on_the_way.model_copy(update={"database_url": f"{on_the_way.database_url}?sslmode=require"})
    async with asyncio.timeout(60):
        with pytest.raises(UnavailableError, match="cannot be encrypted"):
            async with open_database(elsewhere, patience=600):
                pass
