"""A change of nothing but the line ends is as safe as any other, and the ETag never speaks of the text before it."""

import hashlib

from collab.conftest import Team


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def test_the_etag_is_the_texts_own_after_a_crash(own_team: Team) -> None:
    team = own_team
    document = team.document("one\ntwo\n")
    path = f"/api/documents/{document}/content"
    headers = {"If-Match": etag(b"one\ntwo\n"), "Content-Type": "text/markdown"}
    assert team.request("PUT", path, content=b"one\r\ntwo\r\n", headers=headers).status_code == 200
    team.server.kill()
    team.server.start()
    found = team.request("GET", path)
    assert found.content == b"one\r\ntwo\r\n"
    assert found.headers["ETag"] == etag(b"one\r\ntwo\r\n")
