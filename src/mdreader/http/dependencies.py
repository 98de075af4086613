"""What a route asks for by annotation: the runtime, a connection to read with, a transaction to write in."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from mdreader.db.engine import Transaction
from mdreader.runtime import Runtime


def get_runtime(connection: HTTPConnection) -> Runtime:
    """The runtime that `main` put on the application."""
    return cast("Runtime", connection.app.state.runtime)


async def _runtime(connection: HTTPConnection) -> Runtime:
    # A coroutine: FastAPI sends a plain function to a thread, which costs more than many a route.
    return get_runtime(connection)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]


async def _read(runtime: RuntimeDep) -> AsyncIterator[AsyncConnection]:
    async with runtime.database.read() as conn:
        yield conn


async def _write(runtime: RuntimeDep) -> AsyncIterator[Transaction]:
    async with runtime.database.write() as tx:
        yield tx


# scope="function": the commit happens before the response is sent, so that a commit that fails cannot answer 200.
ReadDep = Annotated[AsyncConnection, Depends(_read, scope="function")]
WriteDep = Annotated[Transaction, Depends(_write, scope="function")]
