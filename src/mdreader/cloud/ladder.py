"""From a thousand people to a billion: which limit comes first on the way up, and what answers it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mdreader.cloud import machines
from mdreader.cloud.costs import bill
from mdreader.cloud.figures import prices, value
from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Plan, box_users, cell_users, choose, target, team_users

RUNGS: Final = tuple(10**power for power in range(3, 10))


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that ends at so many users, as long as nobody pulls the lever."""

    what: str
    users: int
    lever: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A number of users: what carries it, what it costs, and the limits that were met since the rung before, the nearest first."""

    users: int
    plan: Plan
    dollars: float
    met: tuple[Limit, ...]
    next: Limit | None

    @property
    def dollars_per_user(self) -> float:
        """Dollars a month for one user."""
        return self.dollars / self.users


def limits(active_hours: float) -> list[Limit]:
    """Every limit that the plan knows of, the nearest first."""
    return sorted(_limits(Load(1_000_000, active_hours)), key=lambda limit: limit.users)


def _limits(one: Load) -> Iterator[Limit]:
    per_user = one.connected_peak / one.users
    small, large = machines.TASKS
    each, alone = target(one, small), target(one, small, alone=True)

    def people(connections: float) -> int:
        return int(connections / per_user)

    yield _nearest("box", box_users(one), "the size team")
    yield Limit(
        "one server of a quarter CPU has half of what it bears", people(alone), "scaling adds servers by itself"
    )
    micro = machines.DATABASES[0]
    servers = int(micro.connections * machines.CONNECTIONS_USE / value("database_connections_per_task"))
    yield Limit(
        f"{micro.name} has {micro.connections} connections: {servers} servers",
        people(servers * each),
        "the next class of RDS, or a smaller pool_size",
    )
    yield _nearest("team", team_users(one), "the size planet")
    quota = machines.QUOTA_FARGATE_CPUS / small.cpus
    yield Limit(
        f"a new account may run {machines.QUOTA_FARGATE_CPUS} CPUs of Fargate: {quota:.0f} servers",
        people(quota * each),
        "ask for more a week before (Service Quotas)",
    )
    syncs = machines.GP3_SYNCS / value("syncs_per_server_second")
    yield Limit(
        f"{machines.GP3_SYNCS:,} operations a second of gp3: {syncs:.0f} busy servers",
        people(syncs * each),
        "Aurora, which planet has; on RDS 400 GB of gp3 have four times as many",
    )
    yield Limit(
        "Valkey hands out messages on one CPU",
        people(machines.USE / one.cache_cpu(1)),
        "another cell",
    )
    direct = machines.AURORA_CONNECTIONS / value("database_connections_per_task")
    yield Limit(
        f"{machines.AURORA_CONNECTIONS:,} connections to Aurora: {direct:.0f} servers",
        people(direct * each),
        "RDS Proxy, which planet has",
    )
    acus = machines.ACU_MAX / machines.ACU_PER_CPU * machines.USE
    yield Limit(
        f"Aurora's one writer has {machines.ACU_MAX} ACUs",
        people(acus / one.database_cpu(1)),
        "another cell: one more reader does not help, edits are written",
    )
    yield Limit(
        f"{machines.QUOTA_ALB_TARGETS:,} servers behind one load balancer",
        people(machines.QUOTA_ALB_TARGETS * target(one, large)),
        "another cell",
    )
    region = machines.QUOTA_DATABASE_CLUSTERS * cell_users(one)
    yield Limit(
        f"{machines.QUOTA_DATABASE_CLUSTERS} database clusters a region: as many cells",
        region,
        "more regions, then ask for more",
    )
    yield Limit(
        f"{machines.QUOTA_COGNITO_USERS / 1e6:.0f} million users in one pool of Cognito",
        machines.QUOTA_COGNITO_USERS,
        "a pool for each group of cells, or mdreader's own accounts",
    )
    yield Limit(
        f"{machines.QUOTA_CLOUDFRONT_REQUESTS:,} requests a second of one distribution",
        people(machines.QUOTA_CLOUDFRONT_REQUESTS / one.requests(1)),
        "a distribution for each cell",
    )
    everywhere = len(prices().regions)
    yield Limit(
        f"{machines.QUOTA_DATABASE_CLUSTERS} clusters in each of {everywhere} regions of one account",
        region * everywhere,
        "an account for each few dozen cells; the router table does not care",
    )


def _nearest(size: str, found: dict[str, float], lever: str) -> Limit:
    name = min(found, key=found.__getitem__)
    return Limit(f"{size}: {name}", int(found[name]), lever)


def climb(active_hours: float, region: str) -> list[Rung]:
    """A rung for each power of ten."""
    found = limits(active_hours)
    rungs = []
    below = 0
    for users in RUNGS:
        plan = choose(Load(users, active_hours), region)
        met = tuple(limit for limit in found if below < limit.users <= users)
        coming = next((limit for limit in found if limit.users > users), None)
        rungs.append(Rung(users, plan, bill(plan).total, met, coming))
        below = users
    return rungs
