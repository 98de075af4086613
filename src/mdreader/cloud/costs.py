"""What a plan costs a month, item by item. Dollars; no taxes, no credits, nothing reserved."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mdreader.cloud import machines
from mdreader.cloud.figures import Prices, Region, prices, value
from mdreader.cloud.load import DAYS_PER_MONTH, GIGABYTE, Load
from mdreader.cloud.sizes import Plan

# What infra/ makes besides what carries the load. `make infra` counts it in its plans and fails where one of these differs
# (infra/checks/gates/bill.py).
# Alarms are paid by the metric that they look at (the shares of errors look at four and three), those too that scaling makes for itself.
ALARM_METRICS: Final = {"team": 28, "planet": 29}
WORKER_ALARM_METRICS: Final = 4  # more, where there are workers
SECRETS: Final = 2  # the servers' own, and the one that RDS keeps the password in
KEYS: Final = {"team": 1, "planet": 2}  # planet: one in the region of its copy, too
WAF_RULES: Final = 4
ZONES: Final = {"team": 2, "planet": 3}  # availability zones; the load balancer has a public address in each
NATS: Final = 1
ENDPOINTS: Final = 8  # interface endpoints, each in every zone
# Planet: what rotates the database's password has no other way to it.
ENDPOINTS_ALWAYS: Final = {"team": 0, "planet": 1}
# Names that servers and workers write among their logs (MDREADER_METRICS=emf), each as one service: adapters/metrics_emf.py has them.
METRICS: Final = 5
WORKER_CPUS, WORKER_GIGABYTES = 0.25, 0.5
CACHE_NODES: Final = {"team": 1, "planet": 2}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill; `basis` says of what."""

    name: str
    dollars: float
    basis: str


@dataclass(frozen=True, slots=True)
class Bill:
    """All lines of a month."""

    items: tuple[Item, ...]

    @property
    def total(self) -> float:
        """Dollars a month."""
        return sum(item.dollars for item in self.items)


def bill(plan: Plan) -> Bill:
    """What `plan` costs a month."""
    table = prices()
    region = table.regions[plan.region]
    if plan.size == "box":
        found = [*_box(plan, table, region), *_shared(plan, table, region)]
    else:
        each = [*_cell(plan, table, region), *(_aurora if plan.size == "planet" else _rds)(plan, table, region)]
        each += _watching(plan, table, region)
        many = f" in each of {plan.cells:,} cells" if plan.cells > 1 else ""
        found = [Item(one.name, one.dollars * plan.cells, one.basis + many) for one in each]
        found += _shared(plan, table, region)
    return Bill(tuple(item for item in found if item.dollars > 0))


# ---- box ----


def _box(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    system, disk = machines.BOX_SYSTEM_DISK, plan.machinery.disk
    yield Item("EC2", table.by_the_hour("ec2_t4g_small", region), "one t4g.small")
    yield Item("EBS", (system + disk) * table.of("ebs_gp3", region), f"{system} and {disk} GB of gp3, encrypted")
    # Snapshots keep what changed; a week of them is reckoned as half again of what is stored.
    kept = 1.5 * (plan.load.database_gigabytes + plan.load.file_gigabytes)
    yield Item("Snapshots", kept * table.of("ebs_snapshot", region), f"{kept:,.0f} GB for a week of nights")
    yield Item("Public address", table.by_the_hour("public_ipv4", region), "one IPv4 address")
    yield Item("Route 53", table.of("route53_zone", region), "one zone")
    out = max(0.0, plan.load.out_gigabytes - 100)
    yield Item(
        "Traffic out", out * table.edges[region.edge].straight, f"{plan.load.out_gigabytes:,.0f} GB, 100 of them free"
    )


# ---- one cell of team or planet ----


def _cell(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    cell, tasks = plan.cell, plan.machinery.tasks
    assert tasks is not None  # noqa: S101 - only the box has none
    cpus, gigabytes = tasks.size.cpus, tasks.size.megabytes / 1024
    server = cpus * table.by_the_hour("fargate_vcpu", region) + gigabytes * table.by_the_hour("fargate_gb", region)
    yield Item(
        "Fargate",
        tasks.mean * server,
        f"{tasks.mean:.1f} servers in the mean, {tasks.peak} at the peak, {cpus:g} vCPU each",
    )
    worker = WORKER_CPUS * table.by_the_hour("fargate_vcpu", region)
    worker += WORKER_GIGABYTES * table.by_the_hour("fargate_gb", region)
    count = workers(plan)
    yield Item("Fargate, workers", count * worker, f"{count} of {WORKER_CPUS:g} vCPU")
    yield Item("Load balancer", table.by_the_hour("alb", region), "one, by the hour")
    units = _mean_lcus(cell)
    yield Item("Load balancer, LCUs", units * table.by_the_hour("alb_lcu", region), f"{units:.2f} in the mean")
    straight = plan.options.nat == "none"
    addresses = ZONES[plan.size] + (tasks.mean + count if straight else 0)
    yield Item(
        "Public addresses",
        addresses * table.by_the_hour("public_ipv4", region),
        f"{addresses:.1f}: {ZONES[plan.size]} of the load balancer" + (", one a task" if straight else ""),
    )
    yield from _way_out(plan, table, region)
    cache = plan.machinery.cache
    assert cache is not None  # noqa: S101 - as above
    nodes = CACHE_NODES[plan.size]
    yield Item("Valkey", nodes * table.by_the_hour(cache.name, region), f"{nodes} {cache.name}")
    # Rooms with people in two zones: each edit goes over the border about once, and so does every row to the database.
    across = cell.in_gigabytes * 3
    yield Item(
        "Traffic between zones", across * 2 * table.of("between_zones_gb", region), f"{across:,.0f} GB, both ways"
    )


def workers(plan: Plan) -> int:
    """Of their own once there are several servers; one server does the work in the background itself."""
    tasks = plan.machinery.tasks
    return 0 if tasks is None or (plan.size == "team" and tasks.peak == 1) else 1


def _mean_lcus(cell: Load) -> float:
    hours = DAYS_PER_MONTH * 24
    return max(
        cell.connected_mean / machines.LCU_CONNECTIONS,
        (cell.out_gigabytes + cell.in_gigabytes) / hours / machines.LCU_GIGABYTES,
        cell.requests(cell.connected_mean)
        / 10
        / machines.LCU_NEW,  # a browser keeps its connections; ten requests each
    )


def _way_out(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    # To AWS's own services: logs, mail, messages. Files go straight to S3.
    out = plan.cell.log_gigabytes + 1
    if plan.options.nat == "gateway":
        dollars = NATS * (table.by_the_hour("nat", region) + table.by_the_hour("public_ipv4", region))
        dollars += out * table.of("nat_gb", region)
        yield Item("NAT gateway", dollars, f"{NATS} with its address, {out:,.0f} GB")
    private = plan.options.nat == "endpoints"
    count = ENDPOINTS if private else ENDPOINTS_ALWAYS[plan.size]
    dollars = count * ZONES[plan.size] * table.by_the_hour("endpoint", region)
    if private:
        dollars += out * table.of("endpoint_gb", region)
    yield Item("Interface endpoints", dollars, f"{count} in {ZONES[plan.size]} zones")


def _rds(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    database, disk = plan.machinery.database, plan.machinery.disk
    assert database is not None  # noqa: S101 - team has one
    times = 2 if plan.options.multi_az else 1
    beside = ", and one beside it" if plan.options.multi_az else ""
    yield Item("RDS", times * table.by_the_hour(database.name, region), f"one {database.name}{beside}")
    yield Item(
        "RDS, storage",
        times * disk * table.of("rds_gp3", region),
        f"{disk} GB of gp3{beside}; backups as large are free",
    )


def _aurora(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    aurora, cell = plan.machinery.aurora, plan.cell
    assert aurora is not None  # noqa: S101 - planet has one
    # The reader that stands by follows the writer.
    units, disk = 2 * aurora.mean, plan.machinery.disk
    # A write of the log is one request, as it is small; reads are those that memory does not answer: a tenth as many.
    million = cell.edits_per_month * value("syncs_per_edit") * 1.1 / 1e6
    io = million * table.of("aurora_io", region)
    optimized = (
        _aurora_capacity(table, region, units, disk, "_optimized") < _aurora_capacity(table, region, units, disk) + io
    )
    kind = "_optimized" if optimized else ""
    said = ", I/O-Optimized" if optimized else ""
    capacity = units * table.by_the_hour(f"aurora_acu{kind}", region)
    yield Item("Aurora, capacity", capacity, f"{units:.1f} ACUs in the mean, writer and reader{said}")
    yield Item("Aurora, storage", disk * table.of(f"aurora_gb{kind}", region), f"{disk:,} GB")
    yield Item("Aurora, I/O", 0 if optimized else io, f"{million:,.0f} million requests")
    replicated = million / 1.1 * table.of("aurora_replicated_io", region) + disk * table.of("aurora_gb", region)
    sent = cell.edits_per_month * value("wal_bytes_per_edit") / GIGABYTE
    replicated += sent * table.of("between_regions_gb", region)
    yield Item(
        "Aurora, copy in another region",
        replicated,
        f"{disk:,} GB without an instance, every write, {sent:,.0f} GB sent",
    )
    proxied = max(8.0, units)
    yield Item("RDS Proxy", proxied * table.by_the_hour("proxy_acu", region), f"{proxied:.1f} ACUs, at least 8")


def _aurora_capacity(table: Prices, region: Region, units: float, disk: int, kind: str = "") -> float:
    return units * table.by_the_hour(f"aurora_acu{kind}", region) + disk * table.of(f"aurora_gb{kind}", region)


def _watching(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    cell, free = plan.cell, table.free
    requests = cell.requests_per_month / 1e6
    waf = table.of("waf_acl", region) + WAF_RULES * table.of("waf_rule", region)
    yield Item(
        "WAF", waf + requests * table.of("waf_requests", region), f"{WAF_RULES} rules, {requests:,.1f} million requests"
    )
    watched = ALARM_METRICS[plan.size] + (WORKER_ALARM_METRICS if workers(plan) else 0)
    alarms = max(0, watched - free["alarms"])
    yield Item(
        "Alarms", alarms * table.of("alarm", region), f"{watched} metrics looked at, {free['alarms']:.0f} of them free"
    )
    metrics = max(0, 2 * METRICS - free["metrics"])
    yield Item(
        "Metrics",
        metrics * table.of("metric", region),
        f"{METRICS} each of servers and of workers, {free['metrics']:.0f} of them free",
    )
    logs = max(0.0, cell.log_gigabytes - free["logs_gb"])
    kept = cell.log_gigabytes * table.of("logs_kept_gb", region)
    yield Item("Logs", logs * table.of("logs_gb", region) + kept, f"{cell.log_gigabytes:,.1f} GB, kept 30 days")
    yield Item("Secrets", SECRETS * table.of("secret", region), f"{SECRETS}")
    yield Item("Keys", KEYS[plan.size] * table.of("kms_key", region), f"{KEYS[plan.size]}")
    yield Item("Images", 2 * table.of("ecr", region), "2 GB in ECR")


# ---- what all cells have in common ----


def _shared(plan: Plan, table: Prices, region: Region) -> Iterable[Item]:
    load = plan.load
    mails = load.users * load.habits.mails_per_month / 1000
    yield Item("Mail", mails * table.of("ses", region), f"{mails:,.1f} thousand mails by SES")
    if plan.size == "box":
        return
    files = load.file_gigabytes
    yield Item("S3", files * table.of("s3_gb", region), f"{files:,.0f} GB of attachments and Markdown")
    puts = load.users * load.active_hours * DAYS_PER_MONTH * load.habits.writes_per_hour / 1000
    yield Item("S3, requests", puts * table.of("s3_put", region), f"{puts:,.0f} thousand writes")
    if plan.size == "planet":
        sent = files * load.habits.new_files_share
        copied = files * table.of("s3_gb", region) + puts * table.of("s3_put", region)
        copied += sent * table.of("between_regions_gb", region)
        yield Item("S3, copy in another region", copied, f"as much again, {sent:,.0f} GB sent")
    yield Item("Route 53", table.of("route53_zone", region), "one zone")
    yield from _cloudfront(load, table, region)
    if plan.cells > 1:
        entry = table.by_the_hour("accelerator", region)
        yield Item(
            "Global Accelerator", entry, "one entry for all cells, by the hour; what goes through it comes on top"
        )
    if plan.options.accounts != "embedded":
        users = max(0, load.users - table.free["cognito_users"])
        dollars = users * table.of(f"cognito_{plan.options.accounts}", region)
        yield Item(
            "Cognito", dollars, f"{users:,.0f} monthly active users beyond the free ones, {plan.options.accounts}"
        )


def _cloudfront(load: Load, table: Prices, region: Region) -> Iterable[Item]:
    edge, free = table.edges[region.edge], table.free
    out = max(0.0, load.out_gigabytes - free["cloudfront_gb"])
    yield Item(
        "CloudFront, traffic",
        stepped(edge.steps, out),
        f"{load.out_gigabytes:,.0f} GB out, {free['cloudfront_gb']:,.0f} of them free",
    )
    yield Item("CloudFront, to the servers", load.in_gigabytes * edge.origin, f"{load.in_gigabytes:,.0f} GB")
    requests = load.requests_per_month
    paid = max(0.0, requests - free["cloudfront_requests"])
    yield Item(
        "CloudFront, requests",
        paid / 10_000 * edge.requests,
        f"{requests / 1e6:,.1f} million, {free['cloudfront_requests'] / 1e6:.0f} of them free",
    )
    # A function puts the proof of the way in on each request, and reads it from a store first.
    dollars = max(0.0, requests - free["cloudfront_functions"]) / 1e6 * table.of("cloudfront_function", region)
    dollars += max(0.0, requests - free["cloudfront_store_reads"]) / 1e6 * table.of("cloudfront_store", region)
    yield Item(
        "CloudFront, function",
        dollars,
        f"{requests / 1e6:,.1f} million calls and reads, {free['cloudfront_functions'] / 1e6:.0f} of them free",
    )


def stepped(steps: tuple[tuple[float, float], ...], amount: float) -> float:
    """Dollars for `amount`, each part of it at the price of its step."""
    dollars = 0.0
    ends = [start for start, _ in steps[1:]] + [float("inf")]
    for (start, price), end in zip(steps, ends, strict=True):
        dollars += max(0.0, min(amount, end) - start) * price
    return dollars
