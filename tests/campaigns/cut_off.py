"""How soon a right that is taken away closes sockets: `python tests/campaigns/cut_off.py [--times 25] [--bus redis|postgres]`.

Two servers on one database. Somebody has a document open on both; on the first one they are taken out of the workspace, or their session is
ended. Counted from the request's first byte to the end of each socket, in milliseconds. Fails when one takes a second or more.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from collab.conftest import Team, make_team
from support.cluster import cluster
from support.postgres import Postgres
from support.redis import RedisServer
from support.swarm import percentile
from support.yclient import YClient, connected

AIM_SECONDS = 1.0


async def cut(team: Team, elsewhere: Team, *, logout: bool) -> tuple[float, float]:
    """Seconds until the socket on this server and the one on the other are closed."""
    person = await asyncio.to_thread(team.member, "editor")
    document = await asyncio.to_thread(team.document, "text\n")
    begun = 0.0

    async def end_of(client: YClient) -> tuple[float, int]:
        code, _ = await client.closed(seconds=60)
        return time.monotonic() - begun, code

    here_at, there_at = ((side.server.ws_url, document, person.access_token) for side in (team, elsewhere))
    async with connected(*here_at) as here, connected(*there_at) as there:
        ends = [asyncio.create_task(end_of(client)) for client in (here, there)]
        begun = time.monotonic()
        if logout:
            answer = await asyncio.to_thread(team.request, "POST", "/api/auth/logout", by=person)
        else:
            path = f"/api/workspaces/{team.workspace_id}/members/{person.id}"
            answer = await asyncio.to_thread(team.request, "DELETE", path)
        assert answer.status_code == 204, answer.text
        (here_s, here_code), (there_s, there_code) = await asyncio.gather(*ends)
    assert here_code == there_code == (4401 if logout else 4403), (here_code, there_code)
    return here_s, there_s


async def campaign(folder: Path, bus: str, times: int) -> bool:
    """Whether all sockets were closed in time."""
    postgres = Postgres(durable=True).start()
    redis = RedisServer(folder).start() if bus == "redis" else None
    services = {"DATABASE_URL": postgres.new_database()}
    if redis is not None:
        services["REDIS_URL"] = redis.new_url()
    slowest = 0.0
    try:
        with cluster(folder, 2, **services) as servers:
            team = make_team(servers[0])
            elsewhere = replace(team, server=servers[1])
            for logout, what in ((False, "taken out of the workspace"), (True, "session ended")):
                took = [await cut(team, elsewhere, logout=logout) for _ in range(times)]
                for side, where in enumerate(("on the same server", "on the other one")):
                    found = [one[side] for one in took]
                    slowest = max(slowest, *found)
                    print(
                        f"{what}, {where}: {times} times, {percentile(found, 0.5) * 1000:.0f} ms in the median, "
                        f"{max(found) * 1000:.0f} at most",
                        flush=True,
                    )
    finally:
        if redis is not None:
            redis.kill()
        postgres.discard()
    return slowest < AIM_SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--bus", choices=["redis", "postgres"], default="redis")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        in_time = asyncio.run(campaign(Path(folder), options.bus, options.times))
    sys.exit(not in_time and f"A socket was open for {AIM_SECONDS:g} s or more")


if __name__ == "__main__":
    main()
