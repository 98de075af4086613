"""From a team's database to a cell's: PostgreSQL's own tools, as docs/deploy.md has it, and what must be there afterwards."""

import subprocess
from pathlib import Path

import httpx

from support.http import signed_up_at
from support.postgres import Postgres, find_programs
from support.server import Server
from support.yclient import connected

TEXT = "\ufeffwritten\r\nin the team"
CELLS = {"MDREADER_CELL": "eu", "MDREADER_CELLS": "eu=http://127.0.0.1:1, us=http://127.0.0.1:2"}


def tool(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    programs = find_programs()
    assert programs is not None
    return subprocess.run([programs / name, *arguments], check=False, capture_output=True, text=True)


def dump(url: str, file: Path) -> None:
    done = tool("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}", url)
    assert done.returncode == 0, done.stderr


def restore(url: str, file: Path) -> "subprocess.CompletedProcess[str]":
    steps = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    return tool("pg_restore", *steps, f"--dbname={url}", str(file))


async def test_a_teams_database_becomes_a_cells(postgres: Postgres, tmp_path: Path) -> None:
    before, after = postgres.new_database(empty=True), postgres.new_database(empty=True)
    team = Server(tmp_path / "team", DATABASE_URL=before).start()
    try:
        ada = signed_up_at(team.url)
        async with httpx.AsyncClient(base_url=team.url, headers=ada.headers, timeout=60) as client:
            workspace = (await client.post("/api/workspaces", json={"name": "Team"})).json()["id"]
            body = {"path": "a.md", "content": TEXT}
            document = (await client.post(f"/api/workspaces/{workspace}/documents", json=body)).json()["id"]
        async with connected(team.ws_url, document, ada.access_token) as socket:
            await socket.insert(0, "typed, ")
            await socket.saved()
    finally:
        team.stop()

    dump(before, tmp_path / "team.dump")
    done = restore(after, tmp_path / "team.dump")
    assert (done.returncode, done.stderr) == (0, "")

    cell = Server(tmp_path / "cell", DATABASE_URL=after, **CELLS).start()
    path = f"/api/documents/{document}/content"
    try:
        async with httpx.AsyncClient(base_url=cell.url, headers=ada.headers, timeout=60) as client:
            # With the session of the team; nobody signs in again.
            assert (await client.get(path)).content == f"\ufefftyped, {TEXT[1:]}".encode()
            async with connected(cell.ws_url, document, ada.access_token) as socket:
                await socket.insert(0, "goes on, ")
                await socket.saved()
            # A second time, into what is not empty any more: refused as a whole.
            again = restore(after, tmp_path / "team.dump")
            assert again.returncode != 0
            assert "already exists" in again.stderr
            assert (await client.get(path)).text == f"\ufeffgoes on, typed, {TEXT[1:]}"
    finally:
        cell.stop()
