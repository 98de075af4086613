"""One room's mistake takes down that room alone: the log of all the others goes on, and nobody waits for ever."""

import asyncio

import pytest
from fastapi import FastAPI

from mdreader.features.collab.diff import Edit
from mdreader.features.collab.replica import Replica
from mdreader.kernel.errors import UnavailableError
from mdreader.runtime import Runtime
from support.http import connect, new_document, new_workspace, signed_up


async def two_documents(app: FastAPI) -> list[str]:
    async with connect(app) as client:
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        return [await new_document(client, owner, workspace, path=f"{name}.md", content="start\n") for name in "ab"]


async def test_a_room_that_cannot_make_its_batch_ends_and_the_log_goes_on(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime: Runtime = app.state.runtime
    bad, good = await two_documents(app)

    def no_memory(_self: Replica, _edits: list[Edit]) -> bytes:
        raise MemoryError

    async with asyncio.timeout(60):
        with monkeypatch.context() as patch:
            patch.setattr(Replica, "edit", no_memory)
            with pytest.raises(UnavailableError):
                await runtime.live.replace(bad, "lost\n", user_id="ann", expected_etag=None)
        for document in (good, bad):
            assert (await runtime.live.read(document)).text == "start\n"
            written = await runtime.live.replace(document, "written\n", user_id="ann", expected_etag=None)
            assert written.text == "written\n"
