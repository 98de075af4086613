"""The figures mdreader has to reach: what is run, what is read from it, and against whom it is held."""

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """`key` of mdreader is at most `share` of the same figure of `peers` (the lowest of them), or at most `limit`."""

    key: str
    share: float = 1.0
    peers: tuple[str, ...] = ()
    limit: float | None = None


@dataclass(frozen=True)
class Figure:
    """One scenario with its sizes. `key` decides which of several runs is the median one."""

    name: str
    title: str
    options: str
    key: str
    unit: str
    peers: tuple[str, ...]
    targets: tuple[Target, ...] = ()
    columns: tuple[tuple[str, str, int], ...] = ()  # heading, key, decimals
    repeats: int = 3
    quick: dict[str, str] = field(default_factory=lambda: {"--secs": "3", "--warm": "1"})  # a short look
    worst: bool = False  # the worst run stands for all, not the median one


DURABLE = ("hocuspocus+sqlite", "yws+leveldb", "pycrdt+sqlite")
NODE = ("hocuspocus+sqlite", "yws+leveldb", "yws")

TYPING = (
    ("CPU s / 1M delivered", "cpuSecPer1MDelivered", 2),
    ("CPU s / 1k edits", "cpuSecPer1kSent", 3),
    ("server CPU %", "serverPct", 1),
    ("of expected", "deliveredOfExpected", 3),
    ("p50 ms", "latencyMs.p50", 2),
    ("p99 ms", "latencyMs.p99", 2),
    ("RSS MB", "rssMB", 0),
    ("converged", "converged", 0),
)
IDLE = (
    ("kB / connection", "rssPerClientKB", 1),
    ("kB, rooms made before", "rssPerClientAfterPrepareKB", 1),
    ("RSS before MB", "rssFreshMB", 0),
    ("RSS after MB", "rssMB", 0),
    ("CPU ms / connect", "connectCpuMsPerClient", 2),
    ("idle CPU %", "idleServerPct", 1),
    ("connected", "connected", 0),
)
COLD = (
    ("socket open to synced, ms", "median.coldMs", 1),
    ("CPU ms", "median.coldCpuMs", 0),
    ("20 joins at once, p50 ms", "median.hotP50Ms", 0),
    ("CPU ms / join", "median.hotCpuMsPerJoin", 1),
    ("RSS idle MB", "median.rssIdleMB", 0),
    ("RSS loaded MB", "median.rssLoadedMB", 0),
    ("upload CPU s", "uploadCpuSec", 2),
)
KILL = (
    ("kills", "kills", 0),
    ("edits a second person saw", "seen", 0),
    ("of these lost", "lost", 0),
    ("doubled", "doubled", 0),
    ("what is left is intact", "intact", 0),
    ("seconds of typing lost, mean", "lostSecsMean", 1),
    ("max", "lostSecsMax", 1),
)
HTTP = (
    ("CPU us / request", "cpuUsPerRequest", 0),
    ("requests / s", "requestsPerSec", 0),
    ("p50 ms", "latencyMs.p50", 2),
    ("p99 ms", "latencyMs.p99", 2),
    ("server CPU %", "serverPct", 1),
    ("statuses", "statuses", 0),
)


def _fifth_of(peer: str) -> Target:
    return Target("cpuSecPer1MDelivered", 0.2, (peer,))


FIGURES = {
    f.name: f
    for f in (
        Figure(
            "A100",
            "one room, 100 people, all typing",
            "A --clients 100",
            "cpuSecPer1MDelivered",
            "CPU s / 1M delivered",
            NODE,
            tuple(_fifth_of(p) for p in NODE),
            TYPING,
        ),
        Figure(
            "A50t10",
            "one room, 50 people, 10 of them typing",
            "A --clients 50 --typists 10 --secs 16",
            "cpuSecPer1MDelivered",
            "CPU s / 1M delivered",
            NODE,
            (Target("cpuSecPer1MDelivered", 0.5, DURABLE[:2]),),
            TYPING,
        ),
        Figure(
            "A50",
            "one room, 50 people, all typing",
            "A --clients 50",
            "latencyMs.p99",
            "p99 ms",
            DURABLE,
            (Target("latencyMs.p50", limit=15), Target("latencyMs.p99", limit=60)),
            TYPING,
        ),
        Figure(
            "B",
            "200 rooms of 3 people, one typist each",
            "B --rooms 200 --clients 3 --typists 1",
            "cpuSecPer1kSent",
            "CPU s / 1k edits",
            DURABLE,
            (Target("cpuSecPer1kSent", 0.5, ("hocuspocus+sqlite",)),),
            TYPING,
        ),
        Figure(
            "C",
            "2,000 idle connections in 500 rooms",
            # mdreader writes the rooms' first texts as files, some seconds after they came: idle is what comes after that.
            "C --clients 2000 --rooms 500 --settle 20",
            "rssPerClientKB",
            "kB / connection",
            NODE,
            (Target("rssPerClientKB", 1.0, NODE),),
            IDLE,
            2,
            {"--secs": "2", "--settle": "2"},
        ),
        Figure(
            "D",
            "one room, 50 people moving their cursor 10 times a second",
            "D --clients 50 --rate 10",
            "cpuSecPer1MDelivered",
            "CPU s / 1M delivered",
            NODE,
            (Target("cpuSecPer1MDelivered", 1 / 3, DURABLE[:2]),),
            TYPING,
        ),
        Figure(
            "Eone",
            "260,000 operations, sent as one update, joined after a restart",
            "E --doc {traces}/paper-1.json",
            "median.coldMs",
            "ms",
            DURABLE,
            (Target("median.coldMs", limit=15),),
            COLD,
            1,
            {"--repeats": "2"},
        ),
        Figure(
            "Elog",
            "260,000 operations, sent as 1,999 updates, joined after a restart",
            "E --doc {traces}/paper-2000.json",
            "median.coldMs",
            "ms",
            DURABLE,
            (Target("median.coldMs", limit=15),),
            COLD,
            1,
            {"--repeats": "2"},
        ),
        Figure(
            "F",
            "kill -9 right after a second person saw an edit",
            "F --rate 10 --repeats 6",
            "lost",
            "edits lost",
            DURABLE,
            (Target("lost", limit=0), Target("doubled", limit=0)),
            KILL,
            1,
            {"--repeats": "1"},
            worst=True,
        ),
        *(
            Figure(
                name,
                f"{request}, 5 kB, {clients}",
                f"H --method {method} --connections {connections}",
                "cpuUsPerRequest",
                "CPU us / request",
                (),
                (Target("cpuUsPerRequest", limit=limit),),
                HTTP,
            )
            for method, request, limit in (
                ("GET", "GET /api/documents/{id}", 400),
                ("PUT", "PUT /api/documents/{id}/content, one line changed", 800),
            )
            for name, clients, connections in (
                (method.lower(), "eight clients at once", 8),
                (f"{method.lower()}1", "one client, the next request after the answer", 1),
            )
        ),
    )
}

GROUPS: dict[str, tuple[str, ...]] = {
    "all": tuple(FIGURES),
    "typing": ("A100",),
    "some-typing": ("A50t10",),
    "latency": ("A50",),
    "rooms": ("B",),
    "idle": ("C",),
    "cursors": ("D",),
    "history": ("Eone", "Elog"),
    "kill": ("F",),
    "http": ("get", "get1", "put", "put1"),
}


def value(row: Row, key: str) -> Any:
    """`a.b` of a result; None where it is missing."""
    found: Any = row
    for part in key.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def representative(figure: Figure, rows: list[Row]) -> Row:
    """The run that stands for all: the median by the figure's key (of two the worse), or the worst. Runs without it come last."""

    def rank(row: Row) -> float:
        found = value(row, figure.key)
        return found if isinstance(found, int | float) else float("inf")

    return sorted(rows, key=rank)[-1 if figure.worst else len(rows) // 2]
