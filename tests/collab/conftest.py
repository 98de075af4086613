"""A running server with people, a workspace and a document, for tests over real sockets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.http import Person, signed_up_at
from support.server import Server

TOLD_SECONDS = 20
"""For what servers tell each other and do at once: without a word of it one looks at the database every 30 s."""


@dataclass
class Team:
    """Somebody's workspace on a running server; `people` joined it with a role."""

    server: Server
    owner: Person
    workspace_id: str
    people: dict[str, Person] = field(default_factory=dict)

    def request(self, method: str, path: str, *, by: Person | None = None, **options: Any) -> httpx.Response:
        with self.server.client() as client:
            return client.request(
                method, path, headers={**(by or self.owner).headers, **options.pop("headers", {})}, **options
            )

    def document(self, content: str = "", path: str = "") -> str:
        """A new document's id."""
        number = len(self.documents) + 1
        response = self.request(
            "POST",
            f"/api/workspaces/{self.workspace_id}/documents",
            json={"path": path or f"document-{number}.md", "content": content},
        )
        assert response.status_code == 201, response.text
        self.documents.append(response.json()["id"])
        return self.documents[-1]

    documents: list[str] = field(default_factory=list)

    def member(self, role: str) -> Person:
        """Somebody new with this role."""
        person = signed_up_at(self.server.url)
        response = self.request(
            "POST", f"/api/workspaces/{self.workspace_id}/members", json={"email": person.email, "role": role}
        )
        assert response.status_code == 201, response.text
        return person

    def content(self, document_id: str) -> str:
        response = self.request("GET", f"/api/documents/{document_id}")
        assert response.status_code == 200, response.text
        return str(response.json()["content"])


def make_team(server: Server) -> Team:
    owner = signed_up_at(server.url)
    with server.client() as client:
        response = client.post("/api/workspaces", json={"name": "Team"}, headers=owner.headers)
    assert response.status_code == 201, response.text
    return Team(server, owner, response.json()["id"])


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory, new_server: Callable[[Path], Server]) -> Iterator[Server]:
    """One server for the tests of a module that leave it running: starting one takes longer than most of them."""
    made = new_server(tmp_path_factory.mktemp("shared") / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def team(shared_server: Server) -> Team:
    """A new owner with a new workspace on the shared server."""
    return make_team(shared_server)


@pytest.fixture
def own_team(server: Server) -> Team:
    """A team on a server that the test may stop and kill."""
    return make_team(server)


@pytest.fixture
def team_on() -> Callable[[Server], Team]:
    """A team on a server that the test started itself."""
    return make_team
