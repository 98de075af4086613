"""What AWS offers to run on, as far as the plan chooses among it, and the limits that come with an account."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TaskSize:
    """A size of a Fargate task; one server is one process, and more than one CPU is of no use to it."""

    cpu_units: int
    megabytes: int

    @property
    def cpus(self) -> float:
        """CPUs."""
        return self.cpu_units / 1024


@dataclass(frozen=True, slots=True)
class DatabaseClass:
    """A class of RDS. `baseline` is what a burstable one may use for ever, in CPUs; for others all it has."""

    name: str
    cpus: float
    gigabytes: float
    baseline: float

    @property
    def connections(self) -> int:
        """What RDS allows by default, LEAST(memory / 9531392, 5000), with a quarter of the memory for the system itself."""
        return min(5000, int(self.gigabytes * 0.75 * 2**30 / 9_531_392))


@dataclass(frozen=True, slots=True)
class CacheNode:
    """A node of ElastiCache. Valkey hands out messages on one CPU, so that is all that counts here."""

    name: str
    cpus: float


TASKS: Final = (TaskSize(256, 512), TaskSize(512, 1024))
DATABASES: Final = (
    DatabaseClass("db.t4g.micro", 2, 1, 0.2),
    DatabaseClass("db.t4g.small", 2, 2, 0.4),
    DatabaseClass("db.t4g.medium", 2, 4, 0.4),
    DatabaseClass("db.t4g.large", 2, 8, 0.6),
    DatabaseClass("db.m7g.large", 2, 8, 2),
    DatabaseClass("db.m7g.xlarge", 4, 16, 4),
    DatabaseClass("db.m7g.2xlarge", 8, 32, 8),
)
CACHES: Final = (
    CacheNode("cache.t4g.micro", 0.2),
    CacheNode("cache.t4g.small", 0.4),
    CacheNode("cache.m7g.large", 1),
)

# ---- the box: a t4g.small ----
BOX_NAME: Final = "t4g.small"
BOX_CPUS: Final = 1.0  # one process; its two CPUs may burst
BOX_BASELINE: Final = 0.4  # 20 % of each of its CPUs, for ever
BOX_MEGABYTES: Final = 2048 - 600  # the system, Docker and nginx have the rest
BOX_SYSTEM_DISK: Final = 16  # GB beside the volume of the data
BOX_DISK_MAX: Final = 200  # GB; more than that is restored from a snapshot for longer than anybody likes to wait

# ---- what a size may have ----
USE: Final = 0.7  # of a CPU, as the scaling policy has it
MEMORY_USE: Final = 0.85
SCALE_AT: Final = (
    0.5  # of the connections that a server carries: with two zones, one of them may be lost (docs/scale.md)
)
CONNECTIONS_USE: Final = 0.8  # of a database's connections, where the alarm is
TEAM_TASKS: Final = 10
TEAM_STORAGE: Final = 100  # GB of gp3
PLANET_TASKS: Final = 1000
ACU_MIN: Final = 0.5
ACU_MAX: Final = 128
ACU_PER_CPU: Final = 4  # of a memory-optimised instance: 16 GB beside 2 CPUs, 2 GB an ACU
GP3_SYNCS: Final = 3000  # I/O operations a second that come with gp3 below 400 GB
AURORA_CONNECTIONS: Final = 5000

# ---- what a new account may have until it asks for more (Service Quotas; each can be raised) ----
QUOTA_FARGATE_CPUS: Final = 6  # in a region
QUOTA_ALB_TARGETS: Final = 1000  # behind one load balancer
QUOTA_DATABASE_CLUSTERS: Final = 40  # in a region
QUOTA_CLOUDFRONT_REQUESTS: Final = 250_000  # a second, of one distribution
QUOTA_COGNITO_USERS: Final = 40_000_000  # in one user pool
LCU_CONNECTIONS: Final = 3000  # active in a minute
LCU_GIGABYTES: Final = 1  # an hour
LCU_NEW: Final = 25  # new connections a second
