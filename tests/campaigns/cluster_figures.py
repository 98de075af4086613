"""What several servers cost: `python tests/campaigns/cluster_figures.py two|four|thousand [--seconds 20] [--bus redis|postgres] [--apart]`.

--apart    the servers have the first core for themselves, and clients, database and Redis the others, as in bench/

two        one document, 40 people, on one server and 20 each on two, by turns in pairs (`--pairs 5`): edit to peer, CPU per delivered edit
four       rooms of ten people, on one server and three times as many on four: CPU of each
thousand   1,000 people in 200 documents of whom 100 type: CPU, memory, edit to peer
"""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from collab.conftest import Team, make_team
from support.cluster import cluster
from support.http import Person
from support.postgres import Postgres
from support.redis import RedisServer
from support.server import Server
from support.swarm import LeanClient, Tally, cpu_seconds, percentile, rss_megabytes, type_for

WARM_SECONDS = 3.0
MOST_IN_A_ROOM = 40
COUNT = itertools.count(1)


class Bench:
    """The services that servers share."""

    def __init__(self, folder: Path, bus: str) -> None:
        self.folder = folder
        self.postgres = Postgres(durable=True).start()
        self.redis = RedisServer(folder).start() if bus == "redis" else None
        self._runs = 0

    def services(self) -> dict[str, str]:
        found = {"DATABASE_URL": self.postgres.new_database()}
        if self.redis is not None:
            found["REDIS_URL"] = self.redis.new_url()
        return found

    def new_folder(self) -> Path:
        self._runs += 1
        made = self.folder / f"run-{self._runs}"
        made.mkdir()
        return made

    def close(self) -> None:
        if self.redis is not None:
            self.redis.kill()
        self.postgres.discard()


async def crowd(team: Team) -> list[Person]:
    """People of the team, as many as a room has at most: what one person does is measured, and limited, for all their connections."""
    return [await asyncio.to_thread(team.member, "editor") for _ in range(MOST_IN_A_ROOM)]


async def seat(
    servers: list[Server], team: Team, people: list[Person], rooms: list[list[int]], tally: Tally
) -> list[list[LeanClient]]:
    """Clients in rooms, each of another person; each number in a room is the server of one client. Opened fifty at a time."""
    where: dict[int, int] = {}
    seated = []
    gate = asyncio.Semaphore(50)

    async def open_one(client: LeanClient, url: str) -> None:
        async with gate:
            await client.open(url, where)

    async with asyncio.TaskGroup() as group:
        for room in rooms:
            document = await asyncio.to_thread(team.document, "")
            clients = []
            for person, server in zip(people, room, strict=False):
                client = LeanClient(next(COUNT), server, tally)
                where[client.number] = server
                clients.append(client)
                address = f"{servers[server].ws_url}/{document}?token={person.access_token}"
                group.create_task(open_one(client, address))
            seated.append(clients)
    return seated


@dataclass(frozen=True)
class Used:
    """CPU seconds of each server in so many seconds."""

    cpu: list[float]
    seconds: float


def percents(used: Used) -> str:
    return ", ".join(f"{cpu / used.seconds * 100:.0f} %" for cpu in used.cpu)


async def measure(servers: list[Server], typists: list[LeanClient], tally: Tally, seconds: float, rate: float) -> Used:
    """CPU seconds of each server while the typists type."""
    await type_for(typists, WARM_SECONDS, rate)
    await asyncio.sleep(0.5)
    tally.forget()
    before = [cpu_seconds(server.pid) for server in servers]
    started = time.perf_counter()
    await type_for(typists, seconds, rate)
    await asyncio.sleep(0.3)
    took = time.perf_counter() - started
    cpu = [cpu_seconds(server.pid) - was for server, was in zip(servers, before, strict=True)]
    return Used(cpu, took)


async def forty(servers: list[Server], team: Team, people: list[Person], seconds: float) -> float:
    """CPU microseconds per delivered edit of 40 people who all type in one new document, spread over `servers`."""
    tally = Tally()
    room = [index % len(servers) for index in range(MOST_IN_A_ROOM)]
    (clients,) = await seat(servers, team, people, [room], tally)
    got = await measure(servers, clients, tally, seconds, 5)
    per_edit = sum(got.cpu) / tally.delivered * 1e6
    across = tally.across or tally.delays
    print(
        f"{len(servers)} server(s): edit to peer{' across servers' if tally.across else ''} "
        f"p50 {percentile(across, 0.5) * 1000:.1f} ms, p95 {percentile(across, 0.95) * 1000:.1f} ms; "
        f"{tally.delivered} delivered of {len(tally.delays)}; CPU {percents(got)}; {per_edit:.1f} us a delivered edit",
        flush=True,
    )
    await asyncio.gather(*(client.close() for client in clients))
    return per_edit


def put_on(core: int, server: Server) -> None:
    """Have all threads of a server run on one core."""
    for thread in Path(f"/proc/{server.pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


async def two(bench: Bench, seconds: float, pairs: int, core: int | None) -> None:
    """Both clusters stay up and take turns, so that what changes on the machine meets both; which goes first takes turns, too."""
    per_edit: dict[int, list[float]] = {1: [], 2: []}
    with (
        cluster(bench.new_folder(), 1, **bench.services()) as one,
        cluster(bench.new_folder(), 2, **bench.services()) as both,
    ):
        if core is not None:
            for server in (*one, *both):
                put_on(core, server)
        teams = [make_team(servers[0]) for servers in (one, both)]
        turns = [(servers, team, await crowd(team)) for servers, team in zip((one, both), teams, strict=True)]
        for pair in range(pairs):
            for servers, team, people in turns if pair % 2 == 0 else turns[::-1]:
                per_edit[len(servers)].append(await forty(servers, team, people, seconds))
            print(
                f"CPU per delivered edit: {per_edit[2][-1] / per_edit[1][-1]:.2f} times that of one server", flush=True
            )
    if pairs > 1:
        ratios = [two / one for one, two in zip(per_edit[1], per_edit[2], strict=True)]
        medians = median(per_edit[2]) / median(per_edit[1])
        print(
            f"{pairs} pairs: {min(ratios):.2f} to {max(ratios):.2f}, median {median(ratios):.2f}; of the medians {medians:.2f}"
        )


async def four(bench: Bench, seconds: float, rooms: int) -> None:
    shares = {}
    for count in (1, 4):
        # Rooms are spread over the servers, and the people of each over two of them.
        number = rooms if count == 1 else 3 * rooms
        plan = [[(room + person % 2) % count for person in range(10)] for room in range(number)]
        with cluster(bench.new_folder(), count, **bench.services()) as servers:
            team, tally = make_team(servers[0]), Tally()
            seated = await seat(servers, team, await crowd(team), plan, tally)
            got = await measure(servers, [clients[0] for clients in seated], tally, seconds, 2)
            shares[count] = [cpu / got.seconds * 100 for cpu in got.cpu]
            print(
                f"{count} server(s), {10 * number} connections in {number} rooms, one typist each: CPU "
                f"{', '.join(f'{share:.1f} %' for share in shares[count])}; "
                f"p50 {percentile(tally.delays, 0.5) * 1000:.1f} ms, p95 {percentile(tally.delays, 0.95) * 1000:.1f} ms",
                flush=True,
            )
            await asyncio.gather(*(client.close() for clients in seated for client in clients))
    mean, most = sum(shares[4]) / 4 / shares[1][0], max(shares[4]) / shares[1][0]
    print(f"3 times the connections: each of four servers uses {mean:.2f} times the CPU of one, the busiest {most:.2f}")


async def thousand(bench: Bench, seconds: float) -> None:
    with cluster(bench.new_folder(), 1, **bench.services()) as servers:
        team, tally = make_team(servers[0]), Tally()
        seated = await seat(servers, team, await crowd(team), [[0] * 5 for _ in range(200)], tally)
        got = await measure(servers, [clients[0] for clients in seated[:100]], tally, seconds, 2)
        print(
            f"1,000 people, 100 typing 2 a second: {got.cpu[0] / got.seconds:.3f} CPU, "
            f"{rss_megabytes(servers[0].pid):.0f} MB, edit to peer p50 {percentile(tally.delays, 0.5) * 1000:.1f} ms, "
            f"p95 {percentile(tally.delays, 0.95) * 1000:.1f} ms",
            flush=True,
        )
        await asyncio.gather(*(client.close() for clients in seated for client in clients))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", choices=["two", "four", "thousand"])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--bus", choices=["redis", "postgres"], default="redis")
    parser.add_argument("--apart", action="store_true")
    options = parser.parse_args()
    core = None
    if options.apart:
        core, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, others)  # what is started from here on is where we are
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.bus)
        try:
            if options.figure == "two":
                asyncio.run(two(bench, options.seconds, options.pairs, core))
            elif options.figure == "four":
                asyncio.run(four(bench, options.seconds, options.rooms))
            else:
                asyncio.run(thousand(bench, options.seconds))
        finally:
            bench.close()


if __name__ == "__main__":
    main()
