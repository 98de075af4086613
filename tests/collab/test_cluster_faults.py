"""Faults between servers, in small; `tests/campaigns/cluster_faults.py` is the long run."""

from pathlib import Path

import pytest

from collab.conftest import TOLD_SECONDS
from support.cluster_faults import Office
from support.yclient import connected


@pytest.mark.parametrize("kind", ["cut", "kill"])
async def test_what_is_written_while_redis_is_away_is_everywhere_when_it_is_back(kind: str, tmp_path: Path) -> None:
    async with Office.open(tmp_path, bus="redis", people=2, documents=1) as office:
        await office.fault(kind, 0.5)
        await office.check()
        assert office.outcome.acknowledged > 0


async def test_servers_restart_in_turns_and_nobody_loses_anything(tmp_path: Path) -> None:
    async with Office.open(tmp_path, bus="postgres", people=2, documents=1) as office:
        await office.restart(0)
        await office.restart(1)
        await office.check()
        assert office.outcome.away


async def test_a_right_that_was_taken_away_while_a_server_heard_nothing_ends_when_it_hears_again(
    tmp_path: Path,
) -> None:
    async with Office.open(tmp_path, bus="redis", people=1, documents=1) as office:
        here, there = office.teams
        person = here.member("editor")
        document = here.document("secret\n")
        async with connected(there.server.ws_url, document, person.access_token) as bob:
            office.proxies[1].cut()
            path = f"/api/workspaces/{here.workspace_id}/members/{person.id}"
            assert here.request("DELETE", path).status_code == 204
            office.proxies[1].heal()
            assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4403
