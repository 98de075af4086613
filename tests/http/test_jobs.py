"""Jobs over HTTP: who sees which, how far they are, and cancelling them."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.jobs.tables import jobs
from support.http import Person
from support.jobs import until_done
from support.team import Team, new_team


@pytest.fixture
async def team(client: httpx.AsyncClient) -> Team:
    return await new_team(client, "editor", "viewer")


async def enqueue(app: FastAPI, team: Team | None, by: Person | None, **options: Any) -> str:
    """A job that waits for a long time, unless `run_at` says otherwise."""
    runtime = app.state.runtime
    options = {"run_at": runtime.clock.now() * 2, **options}
    workspace_id = None if team is None else team.workspace_id
    async with runtime.database.write() as tx:
        made: str = await runtime.jobs.enqueue(
            tx, "jobs.prune", {"secret": "x"}, workspace_id=workspace_id, started_by=by and by.id, **options
        )
    return made


async def test_who_started_it_sees_it_and_so_do_the_owners(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    job_id = await enqueue(app, team, team.people["editor"])
    for who, status in (("editor", 200), ("owner", 200), ("viewer", 404), ("stranger", 404)):
        response = await client.get(f"/api/jobs/{job_id}", headers=team.headers(who))
        assert response.status_code == status, who
        assert "secret" not in response.text
        cancelling = (
            await client.post(f"/api/jobs/{job_id}/cancel", headers=team.headers(who)) if status == 404 else None
        )
        assert cancelling is None or cancelling.status_code == 404
    assert (await client.get(f"/api/jobs/{job_id}")).status_code == 401
    assert (await client.get("/api/jobs/none", headers=team.headers("owner"))).status_code == 404


async def test_who_left_sees_nothing_any_more(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    editor = team.people["editor"]
    job_id = await enqueue(app, team, editor)
    await client.delete(f"{team.url}/members/{editor.id}", headers=team.headers("owner"))
    assert (await client.get(f"/api/jobs/{job_id}", headers=editor.headers)).status_code == 404
    assert (await client.post(f"/api/jobs/{job_id}/cancel", headers=editor.headers)).status_code == 404


async def test_a_job_of_no_workspace_is_its_starters_alone(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    own, nobodys = await enqueue(app, None, team.people["editor"]), await enqueue(app, None, None)
    assert (await client.get(f"/api/jobs/{own}", headers=team.headers("editor"))).status_code == 200
    assert (await client.get(f"/api/jobs/{own}", headers=team.headers("owner"))).status_code == 404
    assert (await client.get(f"/api/jobs/{nobodys}", headers=team.headers("owner"))).status_code == 404


async def test_the_list_is_paged_and_everybody_has_their_own(
    client: httpx.AsyncClient, app: FastAPI, team: Team
) -> None:
    made = [await enqueue(app, team, team.people[who]) for who in ("owner", "editor", "owner", "editor")]
    await enqueue(app, None, team.people["owner"])
    url = f"{team.url}/jobs"
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(url, params=params, headers=team.headers("owner"))).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)
    assert seen == sorted(seen, reverse=True)
    own = (await client.get(url, headers=team.headers("editor"))).json()["items"]
    assert {item["id"] for item in own} == {made[1], made[3]}
    assert (await client.get(url, headers=team.headers("viewer"))).json() == {"items": [], "next_cursor": None}
    assert (await client.get(url, headers=team.headers("stranger"))).status_code == 404


async def test_cancelling(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    job_id = await enqueue(app, team, team.people["editor"])
    before = (await client.get(f"/api/jobs/{job_id}", headers=team.headers("editor"))).json()
    assert (before["state"], before["finished_at"]) == ("waiting", None)
    assert before["next_attempt_at"] is not None
    after = (await client.post(f"/api/jobs/{job_id}/cancel", headers=team.headers("editor"))).json()
    assert (after["state"], after["cancel_requested"], after["next_attempt_at"]) == ("cancelled", True, None)
    again = await client.post(f"/api/jobs/{job_id}/cancel", headers=team.headers("editor"))
    assert (again.status_code, again.json()["code"]) == (409, "job_finished")


async def test_a_job_that_ran(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    """The server's own runner does it, woken by the commit."""
    job_id = await enqueue(app, team, team.people["editor"], run_at=None)
    await until_done(app.state.runtime.database, job_id)
    found = (await client.get(f"/api/jobs/{job_id}", headers=team.headers("editor"))).json()
    assert (found["state"], found["attempt"], found["error"]) == ("done", 1, None)


async def test_a_failure_is_told_without_its_trace(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    job_id = await enqueue(app, team, team.people["editor"])
    async with app.state.runtime.database.write() as tx:
        error = {"code": "internal_error", "detail": "It failed.", "trace": "a secret path"}
        await tx.conn.execute(jobs.update().where(jobs.c.id == job_id).values(error=error))
    response = await client.get(f"/api/jobs/{job_id}", headers=team.headers("editor"))
    assert response.json()["error"] == {"code": "internal_error", "detail": "It failed."}


async def test_the_queue_is_measured_when_metrics_are_asked_for(
    client: httpx.AsyncClient, app: FastAPI, team: Team
) -> None:
    await enqueue(app, team, None)
    assert "\nmdreader_jobs_waiting 0.0" in (await client.get("/metrics")).text
    async with app.state.runtime.database.write() as tx:  # due, and of a kind that nobody here does
        long_ago = app.state.runtime.clock.now() - 5000
        await tx.conn.execute(jobs.update().values(kind="unknown", due_at=long_ago))
    text = (await client.get("/metrics")).text
    assert "\nmdreader_jobs_waiting 1.0" in text
    (oldest,) = [line for line in text.splitlines() if line.startswith("mdreader_jobs_oldest_waiting_seconds ")]
    assert 5 <= float(oldest.split()[1]) < 60
