"""A day of one cell, ten seconds at a time: people come and go, scaling follows with its real delays, servers are lost.

What it is for: the plan says how many servers a load needs; this shows whether scaling has them there in time, and where it has not.
Deterministic by its seed.
"""

import math
import random
from dataclasses import dataclass, field, replace
from typing import Final

from mdreader.cloud import machines
from mdreader.cloud.figures import value
from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Tasks

STEP: Final = 10  # seconds
HOURS: Final = 24
DAY_SECONDS: Final = HOURS * 3600
# Target tracking of Application Auto Scaling: one value a minute, known a minute later; three of them above the target scale out,
# fifteen below nine tenths of it scale in. Cool-downs as in infra/modules/service.
MINUTE: Final = 60
METRIC_DELAY: Final = 60
OUT_DATAPOINTS: Final = 3
IN_DATAPOINTS: Final = 15
OUT_COOLDOWN: Final = 60
IN_COOLDOWN: Final = 600
IN_SHARE: Final = 0.9
START_SECONDS: Final = (60, 180)  # Fargate: image, start, health checks
COMEBACK_SECONDS: Final = (
    10  # in which those whose server is lost are back: clients try at once, then after some seconds
)
SESSION_SECONDS: Final = 2_400  # how long a document stays open
UNHEALTHY_SECONDS: Final = 30.0  # of work behind after which health checks fail, and the server is replaced
LATE_SECONDS: Final = 1.0  # of work that a server is behind: people notice


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens beside the ordinary day. Times in hours."""

    name: str
    lost: tuple[tuple[float, int], ...] = ()  # (when, how many servers)
    rush_minutes: float | None = None  # everybody of the busiest hour comes within so many minutes at 9
    hot: tuple[float, float, int] | None = None  # (from, to, people in one document)


SCENARIOS: Final = (
    Scenario("an ordinary day"),
    Scenario("a server is lost at 10:00", lost=((10, 1),)),
    Scenario("half of the servers are lost at 10:00", lost=((10, -2),)),
    Scenario("everybody comes within 30 minutes", rush_minutes=30),
    Scenario("everybody comes within 10 minutes", rush_minutes=10),
    Scenario("everybody comes within 2 minutes", rush_minutes=2),
    Scenario("200 people in one document from 10 to 11", hot=(10, 11, 200)),
    Scenario("500 people in one document from 10 to 11", hot=(10, 11, 500)),
    Scenario("1,000 people in one document from 10 to 11", hot=(10, 11, 1000)),
)


@dataclass(slots=True)
class Server:
    """One task."""

    ready_at: float
    connections: float = 0
    backlog: float = 0  # seconds of work that wait
    used: float = 0  # CPU of the last step, as a share of what it has


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a day came to."""

    scenario: str
    most_servers: int
    mean_servers: float
    most_connections: int  # on one server
    late_seconds: int  # during which a server was behind by more than a second
    worst_delay: float  # seconds that its work waited
    settled_after: int | None  # seconds from the event to the last late moment; None when nobody was late
    comebacks: int  # connections that had to be made anew
    given_up: int  # servers that were replaced because their health checks failed


@dataclass(slots=True)
class _Day:
    load: Load
    tasks: Tasks
    scenario: Scenario
    chance: random.Random
    servers: list[Server] = field(default_factory=list)
    starting: list[Server] = field(default_factory=list)
    waiting: list[tuple[float, float]] = field(default_factory=list)  # (when, how many come back)
    desired: int = 1
    quiet_until_out: float = 0
    quiet_until_in: float = 0
    minute: list[tuple[float, float]] = field(default_factory=list)  # (CPU share, connections a server) of the steps
    known: list[tuple[float, float, float]] = field(default_factory=list)  # (when known, CPU share, connections)
    comebacks: float = 0
    given_up: int = 0
    # Of one connection, in seconds of a server's time each second, on one server and on several; reckoned once, asked a million times.
    alone: float = 0
    together: float = 0
    connecting: float = 0
    by_hour: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        cpus = self.tasks.size.cpus
        self.alone = self.load.server_cpu(1, value("cpu_us_per_edit_alone")) / cpus
        self.together = self.load.server_cpu(1, value("cpu_us_per_edit_together")) / cpus
        self.connecting = value("cpu_us_per_connect") / 1e6 / cpus
        self.by_hour = tuple(self.load.connected_at(hour) for hour in range(HOURS + 1))


def simulate(load: Load, tasks: Tasks, scenario: Scenario, seed: int) -> Outcome:
    """One day; `tasks` is what the plan says."""
    # The same people on other days would come a little otherwise, not anything else.
    day = _Day(load, tasks, scenario, random.Random(f"{seed} {scenario.name}"))  # noqa: S311 - a simulation
    start = max(tasks.minimum, math.ceil(_target(day, 0) / tasks.connections))
    day.servers = [Server(0, connections=_target(day, 0) / start) for _ in range(start)]
    day.desired = start
    most = mean = worst = crowded = 0.0
    late: list[int] = []
    for now in range(0, DAY_SECONDS, STEP):
        _losses(day, now)
        _starts(day, now)
        _people(day, now)
        delay = _work(day, now)
        _replace_unhealthy(day, now)
        _scale(day, now)
        most, mean = max(most, len(day.servers)), mean + len(day.servers)
        worst = max(worst, delay)
        crowded = max(crowded, max((one.connections for one in day.servers), default=0))
        if delay > LATE_SECONDS:
            late.append(now)
    steps = DAY_SECONDS / STEP
    began = _began(scenario)
    after = [moment - began for moment in late if moment >= began]
    return Outcome(
        scenario.name,
        int(most),
        mean / steps,
        round(crowded),
        len(late) * STEP,
        worst,
        (max(after) + STEP) if after else None,
        round(day.comebacks),
        day.given_up,
    )


def _began(scenario: Scenario) -> int:
    if scenario.lost:
        return int(scenario.lost[0][0] * 3600)
    if scenario.hot:
        return int(scenario.hot[0] * 3600)
    return 9 * 3600 if scenario.rush_minutes else 0


# ---- people ----


def _target(day: _Day, now: float) -> float:
    """How many should be there; between the hours along a line."""
    hour = now / 3600
    at, after = day.by_hour[int(hour)], day.by_hour[int(hour) + 1]
    ordinary = at + (after - at) * (hour - int(hour))
    rush = day.scenario.rush_minutes
    if rush is None:
        return ordinary
    nine, noon = 9.0, 12.0
    if hour < nine:
        return min(ordinary, day.by_hour[6])
    if hour < noon:
        before, peak = day.by_hour[6], max(day.by_hour)
        return before + (peak - before) * min(1, (hour - nine) * 60 / rush)
    return ordinary


def _people(day: _Day, now: float) -> None:
    """Those who leave, those who come, and those who come back after their server was lost."""
    leaving = STEP / SESSION_SECONDS
    for server in day.servers:
        server.connections *= 1 - leaving
    back = sum(count for when, count in day.waiting if when <= now)
    day.waiting = [(when, count) for when, count in day.waiting if when > now]
    there = sum(server.connections for server in day.servers) + back + sum(count for _, count in day.waiting)
    wanted = max(0.0, _target(day, now) - there)
    coming = back + max(0.0, wanted + day.chance.gauss(0, math.sqrt(wanted)) if wanted else 0.0)
    if not day.servers:
        # Nobody answers: they try again.
        day.waiting.append((now + STEP, coming))
        return
    for server, more in zip(day.servers, _spread([one.connections for one in day.servers], coming), strict=True):
        server.connections += more
        server.backlog += more * day.connecting


def _spread(have: list[float], coming: float) -> list[float]:
    """Who comes goes where the fewest are, as the load balancer is told (least_outstanding_requests)."""
    order = sorted(have)
    level, taken = order[0], 0.0
    for number, following in enumerate([*order[1:], math.inf], start=1):
        room = (following - level) * number
        if taken + room >= coming:
            level += (coming - taken) / number
            break
        taken, level = taken + room, following
    return [max(0.0, level - one) for one in have]


def _come_back(day: _Day, now: float, connections: float) -> None:
    day.waiting.append((now + COMEBACK_SECONDS, connections))
    day.comebacks += connections


# ---- servers ----


def _losses(day: _Day, now: float) -> None:
    for hour, count in day.scenario.lost:
        if int(hour * 3600) == now:
            gone = max(1, len(day.servers) // -count) if count < 0 else count
            for server in day.servers[:gone]:
                _come_back(day, now, server.connections)
            day.servers = day.servers[gone:]


def _starts(day: _Day, now: float) -> None:
    """ECS keeps as many as are desired."""
    day.servers += [one for one in day.starting if one.ready_at <= now]
    day.starting = [one for one in day.starting if one.ready_at > now]
    while len(day.servers) + len(day.starting) < day.desired:
        day.starting.append(Server(now + day.chance.uniform(*START_SECONDS)))
    while len(day.servers) > day.desired:
        leaving = min(day.servers, key=lambda one: one.connections)
        day.servers.remove(leaving)
        _come_back(day, now, leaving.connections)


def _work(day: _Day, now: float) -> float:
    """Let each server work for a step; the seconds that the work of the worst one waits."""
    each = day.alone if len(day.servers) == 1 else day.together
    hot = _hot_cpu(day, now) / day.tasks.size.cpus
    worst = 0.0
    for server in day.servers:
        need = (server.connections * each + hot) * STEP + server.backlog
        done = min(need, float(STEP))
        server.used = done / STEP
        server.backlog = need - done
        worst = max(worst, server.backlog)
    if day.servers:
        cpu = sum(one.used for one in day.servers) / len(day.servers)
        day.minute.append((cpu, sum(one.connections for one in day.servers) / len(day.servers)))
    return worst


def _replace_unhealthy(day: _Day, now: float) -> None:
    for server in [one for one in day.servers if one.backlog > UNHEALTHY_SECONDS]:
        day.servers.remove(server)
        day.given_up += 1
        _come_back(day, now, server.connections)


def _hot_cpu(day: _Day, now: float) -> float:
    """CPUs that one crowded document costs each server: it applies every edit, and sends to its own part of the people."""
    hot = day.scenario.hot
    if hot is None or not hot[0] * 3600 <= now < hot[1] * 3600:
        return 0.0
    people, servers = hot[2], max(1, len(day.servers))
    edits = day.load.edits(people)
    sent = edits * people / servers
    return (edits * value("cpu_us_per_edit_crowd") + sent * value("cpu_us_per_delivery_crowd")) / 1e6


def _scale(day: _Day, now: float) -> None:
    """Target tracking on CPU and on connections; the policy that wants more servers wins."""
    if now % MINUTE == 0 and day.minute:
        cpu = sum(one for one, _ in day.minute) / len(day.minute)
        people = sum(one for _, one in day.minute) / len(day.minute)
        day.known.append((now + METRIC_DELAY, cpu / machines.USE, people / day.tasks.connections))
        day.minute.clear()
    seen = [entry for entry in day.known if entry[0] <= now][-IN_DATAPOINTS:]
    if now % MINUTE or len(seen) < OUT_DATAPOINTS:
        return
    recent = seen[-OUT_DATAPOINTS:]
    running = len(day.servers)
    wants = day.desired
    for which in (1, 2):
        if all(entry[which] > 1 for entry in recent):
            wants = max(wants, math.ceil(day.desired * recent[-1][which]))
    if wants > day.desired and now >= day.quiet_until_out:
        day.desired = min(day.tasks.maximum, wants)
        day.quiet_until_out, day.quiet_until_in = now + OUT_COOLDOWN, now + IN_COOLDOWN
        return
    calm = len(seen) == IN_DATAPOINTS and all(max(entry[1], entry[2]) < IN_SHARE for entry in seen)
    if calm and now >= day.quiet_until_in and not day.starting:
        share = max(seen[-1][1], seen[-1][2])
        fewer = max(day.tasks.minimum, math.ceil(running * share))
        if fewer < running:
            day.desired = fewer
            day.quiet_until_in = now + IN_COOLDOWN


# ---- ways to set scaling up ----

WAYS: Final = ("as planned", "scaling at what a server bears", "half of the peak always there")


def set_up(tasks: Tasks, way: str) -> Tasks:
    """The plan's servers, with scaling set up in one of `WAYS`."""
    if way == "scaling at what a server bears":
        return replace(tasks, connections=tasks.carries)
    if way == "half of the peak always there":
        return replace(tasks, minimum=max(tasks.minimum, tasks.peak // 2))
    return tasks
