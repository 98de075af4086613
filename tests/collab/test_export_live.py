"""An export has what people see at that moment, whether it was written down elsewhere yet or not."""

import io
import zipfile

from collab.conftest import Team
from support.yclient import connected


async def test_an_export_has_what_was_typed_a_moment_ago(team: Team) -> None:
    document = team.document("a\r\nb\r\n", "typed.md")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.append("typed 🙂\n")
        await ann.saved()
        response = team.request("GET", f"/api/workspaces/{team.workspace_id}/export")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert archive.read("typed.md") == "a\r\nb\r\ntyped 🙂\r\n".encode()


async def test_an_import_reaches_those_who_are_writing(team: Team) -> None:
    url = f"/api/workspaces/{team.workspace_id}/import"
    body = {"documents": [{"path": "shared.md", "content": "one\ntwo\n"}]}
    document = team.request("POST", url, json=body).json()["items"][0]["id"]
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        body["documents"][0]["content"] = "one\nand a half\ntwo\n"
        assert team.request("POST", url, json=body).json()["items"][0]["status"] == "updated"
        await ann.wait_for_text("one\nand a half\ntwo\n")
        await ann.append("three\n")
        await ann.saved()
        body["documents"][0]["content"] = "from the disk\n"
        assert team.request("POST", url, json=body).json()["items"][0]["status"] == "kept"
        assert team.content(document) == "one\nand a half\ntwo\nthree\n"
