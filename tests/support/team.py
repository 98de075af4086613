"""A workspace with somebody in each role."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from support.http import Person, new_workspace, signed_up

ROLES = ("owner", "editor", "commenter", "viewer")


@dataclass(frozen=True, slots=True)
class Team:
    """The people of a workspace by role; `stranger` has an account and nothing else."""

    workspace_id: str
    people: dict[str, Person]

    @property
    def url(self) -> str:
        return f"/api/workspaces/{self.workspace_id}"

    def headers(self, who: str) -> dict[str, str]:
        return self.people[who].headers


async def new_team(client: httpx.AsyncClient, *roles: str) -> Team:
    """An owner, one more person for each of `roles` (all when none is given), and a stranger."""
    people = {role: await signed_up(client, name=role.title()) for role in ("owner", *(roles or ROLES[1:]), "stranger")}
    return await gathered(client, people)


async def gathered(client: httpx.AsyncClient, people: dict[str, Person]) -> Team:
    """A new workspace for the same people: signing up takes longer than all the rest."""
    workspace_id = await new_workspace(client, people["owner"])
    for role, person in people.items():
        if role not in {"owner", "stranger"}:
            response = await client.post(
                f"/api/workspaces/{workspace_id}/members",
                json={"email": person.email, "role": role},
                headers=people["owner"].headers,
            )
            assert response.status_code == 201, response.text
    return Team(workspace_id, people)


async def post_raw(client: httpx.AsyncClient, url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """POST JSON in pure ASCII: only escapes can carry half of a surrogate pair."""
    return await client.post(
        url, content=json.dumps(body).encode(), headers={**headers, "Content-Type": "application/json"}
    )
