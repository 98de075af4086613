"""`mdreader migrate --restored`: after a backup was restored, nobody goes on from what it does not know."""

import subprocess
import sys

import httpx

from mdreader.main import create_app
from mdreader.settings import Settings
from support.http import connect
from support.team import Team, new_team


def run(settings: Settings, *arguments: str) -> str:
    url = {"DATABASE_URL": settings.database_url} if settings.database_url else {}
    found = subprocess.run(
        [sys.executable, "-m", "mdreader.cli", "migrate", *arguments],
        env={**url, "MDREADER_DATA": str(settings.data)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


async def read_changes(client: httpx.AsyncClient, team: Team, cursor: str | None = None) -> httpx.Response:
    params = {} if cursor is None else {"cursor": cursor}
    return await client.get(f"{team.url}/changes", params=params, headers=team.headers("owner"))


async def test_cursors_hold_after_a_migration_and_are_void_after_a_restored_backup(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), connect(app) as client:
        team = await new_team(client, "viewer")
        cursor = (await read_changes(client, team)).json()["next_cursor"]
    assert "already at" in run(settings)
    async with app.router.lifespan_context(app), connect(app) as client:
        assert (await read_changes(client, team, cursor)).status_code == 200
    assert "anew" in run(settings, "--restored")
    async with app.router.lifespan_context(app), connect(app) as client:
        void = await read_changes(client, team, cursor)
        assert (void.status_code, void.json()["code"]) == (410, "resync")
        fresh = (await read_changes(client, team)).json()["next_cursor"]
        assert (await read_changes(client, team, fresh)).status_code == 200
