"""A whole workspace as a ZIP."""

import asyncio
import io
import re
import zipfile
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.documents import access
from mdreader.features.documents.records import Document
from mdreader.features.transfer import export
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import NotFoundError
from mdreader.runtime import Runtime
from support.http import Person, new_document, new_workspace
from support.team import new_team

TEXTS = {
    "a.md": "# One\n",
    "crlf.md": "a\r\nb\r\n",
    "bom.md": "\ufeffx",
    "empty.md": "",
    "no newline.md": "é",
    "deep/er/👩‍👩‍👧 naïve.md": "👩‍👩‍👧" * 1000,
    "deep/large.md": "All work and no play.\n" * 20_000,
}


async def fill(client: httpx.AsyncClient, person: Person, workspace_id: str, texts: dict[str, str]) -> None:
    documents = [{"path": path, "content": text} for path, text in texts.items()]
    url = f"/api/workspaces/{workspace_id}/import"
    for start in range(0, len(documents), 500):
        body = {"documents": documents[start : start + 500]}
        assert (await client.post(url, json=body, headers=person.headers)).status_code == 200


async def unpacked(client: httpx.AsyncClient, person: Person, workspace_id: str) -> dict[str, bytes]:
    response = await client.get(f"/api/workspaces/{workspace_id}/export", headers=person.headers)
    assert response.status_code == 200, response.text
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


async def test_every_document_comes_out_byte_for_byte(client: httpx.AsyncClient, ada: Person) -> None:
    workspace = await new_workspace(client, ada)
    await fill(client, ada, workspace, TEXTS)
    assert await unpacked(client, ada, workspace) == {path: text.encode() for path, text in TEXTS.items()}


async def test_the_answer_is_a_download(client: httpx.AsyncClient, ada: Person) -> None:
    workspace = await new_workspace(client, ada, 'Zoë / "2026"')
    response = await client.get(f"/api/workspaces/{workspace}/export", headers=ada.headers)
    assert response.headers["content-type"] == "application/zip"
    disposition = response.headers["content-disposition"]
    assert 'filename="Zoe - -2026-.zip"' in disposition
    named = re.search(r"filename\*=UTF-8''(\S+)$", disposition)
    assert named is not None
    assert unquote(named[1]) == "Zoë - -2026-.zip"


async def test_an_empty_workspace_is_an_empty_archive(client: httpx.AsyncClient, ada: Person) -> None:
    assert await unpacked(client, ada, await new_workspace(client, ada)) == {}


async def test_it_reads_page_after_page_and_leaves_the_deleted_out(
    client: httpx.AsyncClient, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 7)
    workspace = await new_workspace(client, ada)
    texts = {f"{number:03}.md": str(number) for number in range(7 * 3)}
    await fill(client, ada, workspace, texts)
    gone = await new_document(client, ada, workspace, "gone.md", "gone")
    await client.delete(f"/api/documents/{gone}", headers=ada.headers)
    assert await unpacked(client, ada, workspace) == {path: text.encode() for path, text in texts.items()}


async def test_a_document_deleted_meanwhile_is_left_out(
    client: httpx.AsyncClient, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = await new_workspace(client, ada)
    first = await new_document(client, ada, workspace, "a.md", "a")
    await new_document(client, ada, workspace, "b.md", "b")

    async def require_document(*arguments: Any) -> Any:
        if arguments[2] == first:
            await client.delete(f"/api/documents/{first}", headers=ada.headers)
        return await access.require_document(*arguments)

    monkeypatch.setattr(export, "require_document", require_document)
    assert await unpacked(client, ada, workspace) == {"b.md": b"b"}


async def test_who_may_export(client: httpx.AsyncClient) -> None:
    team = await new_team(client)
    for who, status in {"owner": 200, "editor": 200, "commenter": 200, "viewer": 200, "stranger": 404}.items():
        assert (await client.get(f"{team.url}/export", headers=team.headers(who))).status_code == status, who
    assert (await client.get(f"{team.url}/export")).status_code == 401
    key = await client.post("/api/keys", json={"name": "k", "scope": "read"}, headers=team.headers("viewer"))
    response = await client.get(f"{team.url}/export", headers={"Authorization": f"Bearer {key.json()['key']}"})
    assert response.status_code == 200


async def test_rights_taken_away_half_way_cut_the_archive_off(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = await new_team(client, "viewer")
    viewer, owner = team.people["viewer"], team.people["owner"]
    await fill(client, owner, team.workspace_id, {f"{number:03}.md": f"secret {number}" for number in range(10)})
    real, read = export._read, []

    async def read_and_remove(*arguments: Any) -> bytes | None:
        data = await real(*arguments)
        read.append(data)
        if len(read) == 3:
            removed = await client.delete(f"{team.url}/members/{viewer.id}", headers=owner.headers)
            assert removed.status_code == 204
        return data

    monkeypatch.setattr(export, "_read", read_and_remove)
    monkeypatch.setattr(export, "PIECE", 1)
    stream = export.export_zip(app.state.runtime, await actor_of(app, viewer), team.workspace_id)
    pieces = [await anext(stream) for _ in range(3)]
    with pytest.raises(NotFoundError, match="no such workspace"):
        await anext(stream)
    assert len(read) == 3
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(pieces)))


async def actor_of(app: FastAPI, person: Person) -> Any:
    return await app.state.runtime.identity.authenticate(person.access_token, peer="127.0.0.1")


async def test_it_holds_one_document_at_a_time(
    client: httpx.AsyncClient, ada: Person, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read ahead of what the client takes, so a slow one costs a document and a piece, not a workspace."""
    workspace = await new_workspace(client, ada)
    size = 4 * export.PIECE
    noise = {
        f"{number:03}.md": "".join(chr(33 + (number * 7 + i * i) % 90) for i in range(size)) for number in range(12)
    }
    await fill(client, ada, workspace, noise)
    real, reads = export._read, []

    async def read(runtime: Runtime, actor: Actor, document: Document) -> bytes | None:
        reads.append(document.id)  # not what else reads: the documents' files may be written at the same time
        return await real(runtime, actor, document)

    monkeypatch.setattr(export, "_read", read)
    monkeypatch.setattr(export, "PIECE", 1)
    stream = export.export_zip(app.state.runtime, await actor_of(app, ada), workspace)
    for taken in range(1, 6):
        assert len(await anext(stream)) < 2 * size
        assert len(reads) == taken
    await stream.aclose()


async def test_others_are_served_while_a_large_text_is_packed(
    client: httpx.AsyncClient, ada: Person, app: FastAPI
) -> None:
    workspace = await new_workspace(client, ada)
    await fill(client, ada, workspace, {"large.md": "".join(chr(33 + i * i % 90) for i in range(4_000_000))})
    exporting = asyncio.create_task(unpacked(client, ada, workspace))
    answered = 0
    while not exporting.done():
        assert (await client.get("/api/health")).status_code == 200
        answered += 1
        await asyncio.sleep(0)  # the client in this process hands over without waiting
    await exporting
    assert answered >= 3
