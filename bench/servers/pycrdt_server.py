"""pycrdt-websocket as an ASGI application on uvicorn with uvloop. DB=path adds pycrdt-store's SQLite store.

WebsocketServer itself has no store option, so rooms are made here the way jupyter-collaboration does it: one store a
room, load first, then mark the room as ready. Runs in an environment of its own, see install.py.
"""

import asyncio
import logging
import os
from contextlib import suppress
from typing import Any

import uvicorn
import uvloop
from anyio import Lock
from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom
from pycrdt.websocket.websocket_server import exception_logger

logging.basicConfig(level=logging.WARNING)  # otherwise exceptions in rooms go unseen
DB = os.environ.get("DB", "")


class Store(SQLiteYStore):
    """One room's updates; all rooms share one file."""

    db_path = DB


class StoredServer(WebsocketServer):
    """Rooms with a store, each loaded once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.locks: dict[str, Lock] = {}

    async def get_room(self, name: str) -> YRoom:
        async with self.locks.setdefault(name, Lock()):
            if name not in self.rooms:
                self.rooms[name] = await self._load(name)
        return self.rooms[name]

    async def _load(self, name: str) -> YRoom:
        store = Store(path=name)
        room = YRoom(ready=False, ystore=store, exception_handler=self.exception_handler, log=self.log)
        await self.start_room(room)
        await store.started.wait()
        with suppress(YDocNotFound):  # a new room
            await store.apply_updates(room.ydoc)
        room.ready = True
        await room.ydoc_observed.wait()
        return room


async def main() -> None:
    rooms = (StoredServer if DB else WebsocketServer)(exception_handler=exception_logger)
    if DB:  # create the tables once, before rooms race to do so
        async with Store(path="init") as store:
            await store.db_initialized.wait()
    config = uvicorn.Config(
        ASGIServer(rooms), host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", ws_max_size=1 << 26
    )
    async with rooms:
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
