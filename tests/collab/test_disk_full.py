"""The disk is full: nothing is called saved, people are told, nothing is damaged, and it goes on by itself when there is space again."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pycrdt import Doc
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from mdreader.settings import Settings
from support.disk import Disk, recording
from support.http import Person, new_document, new_workspace, signed_up
from support.promises import serving
from support.stored import copy_database, read_file
from support.yclient import YClient, connected

pytestmark = pytest.mark.sqlite_only("the disk that fills up is recorded below SQLite")

FULL = (1013, "not saved: the server's disk is full")


@dataclass(frozen=True)
class House:
    """A server in this process on a disk that can be full, with one document."""

    disk: Disk
    http: httpx.AsyncClient
    ws_url: str
    owner: Person
    workspace: str
    document: str

    @asynccontextmanager
    async def client(self, doc: Doc[Any] | None = None) -> AsyncIterator[YClient]:
        async with connected(self.ws_url, self.document, self.owner.access_token, doc=doc) as made:
            yield made

    async def content(self) -> str:
        got = await self.http.get(f"/api/documents/{self.document}", headers=self.owner.headers)
        assert got.status_code == 200
        return str(got.json()["content"])


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    with recording(settings.data) as disk:
        async with serving(settings, disk.note) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
            owner = await signed_up(http)
            workspace = await new_workspace(http, owner)
            document = await new_document(http, owner, workspace, content="start\n")
            yield House(disk, http, url.replace("http", "ws", 1) + "/api/collab", owner, workspace, document)


async def test_an_edit_that_finds_no_space_is_not_saved_and_comes_later(house: House, settings: Settings) -> None:
    anns: Doc[Any] = Doc()
    async with house.client(anns) as ann, house.client() as bob:
        await ann.append("before\n")
        await ann.saved()
        house.disk.full = True
        await ann.append("kept by Ann\n")
        # On a busy machine the socket may be closed before she asks.
        with pytest.raises((AssertionError, ConnectionClosed), match=r"closed|received 1013"):
            await ann.saved()
        assert await ann.closed() == FULL
        assert await bob.closed() == FULL
        assert bob.text == "start\nbefore\n"
    assert await house.content() == "start\nbefore\n"
    async with house.client() as bob:
        assert bob.text == "start\nbefore\n"
        async with house.client(anns) as ann:  # she comes back too early, and is told again
            assert await ann.closed() == FULL
        assert await bob.closed() == FULL
        assert bob.text == "start\nbefore\n"
    assert house.disk.refused >= 2
    house.disk.full = False
    async with house.client(anns) as ann, house.client() as bob:
        await ann.saved()
        await bob.wait_for_text("start\nbefore\nkept by Ann\n")
    assert await house.content() == "start\nbefore\nkept by Ann\n"
    kept = await read_file(copy_database(settings.data, settings.data / "copy"), [house.document])
    assert kept[house.document].text == "start\nbefore\nkept by Ann\n"


async def test_the_operator_hears_of_it_without_any_request(house: House) -> None:
    async with house.client() as ann:
        with capture_logs() as logs:
            house.disk.full = True
            await ann.append("no space")
            assert await ann.closed() == FULL
    assert [line["kind"] for line in logs if line["event"] == "notice"] == ["disk.full"]
    house.disk.full = False


async def test_http_says_that_the_disk_is_full_and_reading_goes_on(house: House) -> None:
    headers = house.owner.headers
    house.disk.full = True
    etag = (await house.http.get(f"/api/documents/{house.document}", headers=headers)).headers["etag"]
    put = await house.http.put(
        f"/api/documents/{house.document}/content", json={"content": "new\n"}, headers={**headers, "If-Match": etag}
    )
    made = await house.http.post(
        f"/api/workspaces/{house.workspace}/documents", json={"path": "new.md", "content": "new"}, headers=headers
    )
    renamed = await house.http.patch(f"/api/documents/{house.document}", json={"path": "other.md"}, headers=headers)
    for answer in (put, made, renamed):
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_full"), answer.text
    assert await house.content() == "start\n"
    house.disk.full = False
    assert await house.content() == "start\n"
    listed = await house.http.get(f"/api/workspaces/{house.workspace}/documents", headers=headers)
    assert [item["path"] for item in listed.json()["items"]] == ["notes.md"]
    etag = (await house.http.get(f"/api/documents/{house.document}", headers=headers)).headers["etag"]
    put = await house.http.put(
        f"/api/documents/{house.document}/content", json={"content": "new\n"}, headers={**headers, "If-Match": etag}
    )
    assert put.status_code == 200
    assert await house.content() == "new\n"


async def test_a_sync_that_finds_no_space_saves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems find out only when they are asked to write for good."""
    anns: Doc[Any] = Doc()
    real = os.fdatasync
    no_space = True

    def fdatasync(descriptor: int) -> None:
        if no_space:
            house.disk.full = True  # neither can the log be written back into the database
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    async with house.client(anns) as ann, house.client() as bob:
        monkeypatch.setattr(os, "fdatasync", fdatasync)
        await ann.append("x" * 40_000)
        assert await ann.closed() == FULL
        assert bob.text == "start\n"
    # SQLite would show the edit now. Nobody may see it before it is on the disk.
    for document in (None, anns):
        async with connected(house.ws_url, house.document, house.owner.access_token, doc=document, sync=False) as early:
            assert (await early.closed())[0] == 1013
            assert not early.is_synced
    got = await house.http.get(f"/api/documents/{house.document}", headers=house.owner.headers)
    assert (got.status_code, got.json()["code"]) == (503, "storage_full")
    no_space = house.disk.full = False
    async with house.client(anns) as ann, house.client() as bob:
        await ann.saved()
        await bob.wait_for_text("start\n" + "x" * 40_000)


async def test_other_rooms_share_the_trouble_and_the_recovery(house: House) -> None:
    other = await new_document(house.http, house.owner, house.workspace, path="other.md", content="other\n")
    docs: list[Doc[Any]] = [Doc(), Doc()]

    async def write(document: str, doc: Doc[Any]) -> None:
        async with connected(house.ws_url, document, house.owner.access_token, doc=doc) as client:
            await client.append("more\n")
            assert await client.closed() == FULL

    house.disk.full = True
    await asyncio.gather(write(house.document, docs[0]), write(other, docs[1]))
    house.disk.full = False
    for document, doc, text in ((house.document, docs[0], "start\nmore\n"), (other, docs[1], "other\nmore\n")):
        async with connected(house.ws_url, document, house.owner.access_token, doc=doc) as client:
            await client.saved()
            assert client.text == text
