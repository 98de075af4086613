"""What a task, its database and its cache pay for one person: `python tests/campaigns/capacity_figures.py [--seconds 20] [--servers 1 2]`.

People in documents of five, of whom one in ten types twice a second, on PostgreSQL (which waits for its disk) and Redis; with two
servers each document's people are on both. Prints, a row each number of servers, what `mdreader cloud plan` reckons with: CPU of the
servers, of PostgreSQL and of Redis, commits, bytes of write-ahead log and of rows, bytes to people and through Redis.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from campaigns.cluster_figures import WARM_SECONDS, Bench, crowd, measure, seat
from collab.conftest import make_team
from support import server as server_module
from support.cluster import cluster
from support.postgres import Postgres
from support.swarm import Tally, percentile, rss_megabytes

PEOPLE_A_DOCUMENT = 5
EDITS_A_SECOND = 2

TICKS = os.sysconf("SC_CLK_TCK")


def children(parent: int) -> Iterator[int]:
    """The processes that a process started."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(folder.name)


def cpu_of(pids: list[int]) -> float:
    """CPU seconds of processes and of those of their children that have ended."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def redis_info(port: int) -> dict[str, float]:
    """What Redis counts: CPU seconds, bytes in and out."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"INFO\r\n")
        stream = connection.makefile("rb")
        size = int(stream.readline()[1:])
        lines = stream.read(size).decode().splitlines()
    pairs = dict(line.split(":", 1) for line in lines if ":" in line)
    return {
        "cpu": float(pairs["used_cpu_user"]) + float(pairs["used_cpu_sys"]),
        "in": float(pairs["total_net_input_bytes"]),
        "out": float(pairs["total_net_output_bytes"]),
    }


@dataclass(frozen=True)
class Counted:
    """What the services have counted so far."""

    postgres_cpu: float
    transactions: int
    syncs: int
    wal: int
    size: int
    redis: dict[str, float]


def look(bench: Bench, postgres: Postgres, database: str) -> Counted:
    (row,) = postgres.execute(
        "SELECT pg_stat_clear_snapshot()",
        "SELECT xact_commit, (SELECT wal_sync FROM pg_stat_wal) AS syncs, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal, "
        "pg_database_size(current_database()) AS size FROM pg_stat_database WHERE datname = current_database()",
        database=database,
    )
    assert bench.redis is not None
    assert postgres._process is not None
    pid = postgres._process.pid
    return Counted(
        cpu_of([pid, *children(pid)]),
        row["xact_commit"],
        row["syncs"],
        row["wal"],
        row["size"],
        redis_info(bench.redis.port),
    )


async def figures(bench: Bench, count: int, people: int, seconds: float) -> dict[str, float]:
    """One run."""
    services = bench.services()
    database = services["DATABASE_URL"].rpartition("/")[2]
    with cluster(bench.new_folder(), count, **services) as servers:
        team, tally = make_team(servers[0]), Tally()
        rooms = people // PEOPLE_A_DOCUMENT
        plan = [[person % count for person in range(PEOPLE_A_DOCUMENT)] for _ in range(rooms)]
        seated = await seat(servers, team, await crowd(team), plan, tally)
        typists = [clients[0] for clients in seated[: people // 10]]
        await measure(servers, typists, tally, 1, EDITS_A_SECOND)  # connections are made, plans are kept
        before = look(bench, bench.postgres, database)
        got = await measure(servers, typists, tally, seconds, EDITS_A_SECOND)
        after = look(bench, bench.postgres, database)
        memory = sum(rss_megabytes(server.pid) for server in servers) / count
        await asyncio.gather(*(client.close() for clients in seated for client in clients))
    edits = tally.delivered / (PEOPLE_A_DOCUMENT - 1)
    # The services are looked at around the warming up, too.
    whole = edits * (seconds + WARM_SECONDS) / seconds
    micro = 1e6
    return {
        "servers": count,
        "people": people,
        "edits_per_second": round(edits / got.seconds, 1),
        "server_cpu_us_per_edit": round(sum(got.cpu) / edits * micro),
        "server_cpu": round(sum(got.cpu) / got.seconds, 3),
        "server_megabytes": round(memory),
        "edit_to_peer_p50_ms": round(percentile(tally.delays, 0.5) * 1000, 1),
        "edit_to_peer_p95_ms": round(percentile(tally.delays, 0.95) * 1000, 1),
        "postgres_cpu_us_per_edit": round((after.postgres_cpu - before.postgres_cpu) / whole * micro),
        "transactions_per_edit": round((after.transactions - before.transactions) / whole, 3),
        "syncs_per_edit": round((after.syncs - before.syncs) / whole, 3),
        "syncs_per_second_and_server": round((after.syncs - before.syncs) / (seconds + WARM_SECONDS) / count, 1),
        "wal_bytes_per_edit": round((after.wal - before.wal) / whole),
        "stored_bytes_per_edit": round((after.size - before.size) / whole),
        "redis_cpu_us_per_edit": round((after.redis["cpu"] - before.redis["cpu"]) / whole * micro, 1),
        "redis_bytes_per_edit": round(
            (after.redis["in"] + after.redis["out"] - before.redis["in"] - before.redis["out"]) / whole
        ),
    }


def main() -> None:
    server_module.START_SECONDS = 120  # the machine may have other work
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--servers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), "redis")
        try:
            for count in options.servers:
                print(json.dumps(asyncio.run(figures(bench, count, options.people, options.seconds))), flush=True)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
