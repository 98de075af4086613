"""From a box's copy to PostgreSQL, as one task of a fleet does it: the copy from an address, the database from a secret."""

import os
import subprocess
import sys
import tarfile
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import httpx
import pytest

from cli.conftest import run
from support import aws
from support.http import signed_up_at
from support.http_servers import Quiet, listening
from support.postgres import Postgres
from support.server import Server

BACKUP = Path(__file__).resolve().parents[2] / "infra" / "box" / "backup.py"


class Files(Quiet, SimpleHTTPRequestHandler):
    """Of one folder."""


def test_copy_of_a_box_becomes_a_teams_database(postgres: Postgres, tmp_path: Path, aws_endpoint: str) -> None:
    data, backups, elsewhere = tmp_path / "box", tmp_path / "backups", tmp_path / "task"
    for folder in (backups, elsewhere):
        folder.mkdir()
    server = Server(data).start()
    try:
        ada = signed_up_at(server.url)
        with httpx.Client(base_url=server.url, headers=ada.headers, timeout=60) as client:
            workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
            body = {"path": "a.md", "content": "\ufeffwritten\r\non the box"}
            content = f"/api/documents/{client.post(f'/api/workspaces/{workspace}/documents', json=body).json()['id']}/content"
        environment = {**os.environ, "BOX_DATA": str(data), "BOX_BACKUPS": str(backups)}
        subprocess.run([sys.executable, str(BACKUP), "save", "last"], env=environment, check=True, capture_output=True)
    finally:
        server.stop()

    url = postgres.new_database(empty=True)
    secrets = boto3.client("secretsmanager", endpoint_url=aws_endpoint, region_name=aws.REGION)
    arn = secrets.create_secret(Name="database", SecretString=f'{{"username": "{urlsplit(url).username}"}}')["ARN"]
    known = {"SECRETS_ARN": arn, "AWS_ENDPOINT_URL": aws_endpoint, "AWS_REGION": aws.REGION, **aws.CREDENTIALS}
    with listening(partial(Files, directory=str(backups))) as there:
        ended = run(elsewhere, "migrate-data", "--from", f"{there}/last.tar", DATABASE_URL=url, **known)
    assert ended.code == 0, ended.errors
    assert "1 documents read as before" in ended.output
    team = Server(elsewhere, DATABASE_URL=url).start()
    try:
        read = httpx.get(team.url + content, headers=ada.headers, timeout=60)  # with the session of the box
        assert read.content == "\ufeffwritten\r\non the box".encode()
    finally:
        team.stop()


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("http://docs.example.org/copy.tar", "over https:// only"),
        ("{there}/none.tar", "cannot be fetched: 404"),
        ("{there}/text.tar", "That is no copy of a box"),
        ("{there}/other.tar", "That is no copy of a box"),
        ("{there}/link.tar", "secret.key in that copy is not a file"),
    ],
)
def test_what_is_no_copy_is_refused(tmp_path: Path, source: str, hint: str) -> None:
    (tmp_path / "text.tar").write_text("text")
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(tmp_path / "text.tar", "something")
    with tarfile.open(tmp_path / "link.tar", "w") as archive:
        archive.add(tmp_path / "text.tar", "mdreader.sqlite3")
        link = tarfile.TarInfo("secret.key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with listening(partial(Files, directory=str(tmp_path))) as there:
        ended = run(
            tmp_path, "migrate-data", "--from", source.format(there=there), "--to", "postgresql://me@127.0.0.1:9/none"
        )
    assert ended.code == 1
    assert hint in ended.errors
