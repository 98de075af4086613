"""What the server counts, as CloudWatch's embedded metric format: one line of JSON among the log lines, once a minute.

Counters and histograms go out as what came since the last line, gauges as they are. Every name that CloudWatch makes a metric of costs
money there, and every value of a dimension multiplies it. So the line holds every figure, to be searched for in the log, and names as
metrics those alone that somebody is woken by or scaled by, for the service as a whole; all of them, and for each server, when asked.
Requests are told apart by the first digit of their status alone, and a histogram is four numbers.
"""

import asyncio
import json
import math
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from mdreader.kernel.background import in_background

NAMESPACE: Final = "mdreader"
EVERY_SECONDS: Final = 60.0
# The format allows no more in one directive.
MAX_METRICS: Final = 100
# What the alarms, the scaling and the dashboard of infra/ look at.
ESSENTIAL: Final = frozenset(
    {"connections", "commit_seconds_p95", "delivery_lag_seconds_p95", "jobs_waiting", "jobs_oldest_waiting_seconds"}
)
_QUANTILES: Final = ((0.5, "p50"), (0.95, "p95"))
_PREFIX: Final = "mdreader_"
# Of the process itself: what a task's size is chosen by. The rest of those is there for Prometheus.
_PROCESS: Final = {"process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds"}

Bucket = tuple[float, float]


class EmfWriter:
    """Writes a line about `registry` with `write`, each time from where the last one ended.

    Args:
        registry: what is counted.
        write: takes a line.
        service: the dimension Service.
        detailed: make a metric of every figure, for the service and for each server, not of ESSENTIAL ones alone.
    """

    def __init__(
        self, registry: CollectorRegistry, write: Callable[[str], object], *, service: str, detailed: bool = False
    ) -> None:
        self._registry = registry
        self._write = write
        self._detailed = detailed
        self._names = {"Service": service, "Server": socket.gethostname()}
        self._before: dict[str, float] = {}
        self._collect()  # what was counted before the first line is not of its minute

    def emit(self, now: int) -> None:
        """Write a line; `now` in milliseconds."""
        # What cannot be measured is left out: JSON knows no NaN.
        found = {name: one for name, one in self._collect().items() if math.isfinite(one[0])}
        # By service, to look at and to alarm on; by server, to find the odd one.
        dimensions = [["Service"], ["Service", "Server"]] if self._detailed else [["Service"]]
        named = [(name, unit) for name, (_, unit) in found.items() if self._detailed or name in ESSENTIAL]
        directives = [
            {
                "Namespace": NAMESPACE,
                "Dimensions": dimensions,
                "Metrics": [{"Name": name, "Unit": unit} for name, unit in part],
            }
            for part in _parts(named, MAX_METRICS)
        ]
        line: dict[str, Any] = {"_aws": {"Timestamp": now, "CloudWatchMetrics": directives}, **self._names}
        self._write(json.dumps(line | {name: value for name, (value, _) in found.items()}) + "\n")

    @asynccontextmanager
    async def running(self, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
        """A line each `every` seconds while the block runs, and one at its end."""
        try:
            async with in_background(self._run(every)):
                yield
        finally:
            self.emit(time.time_ns() // 1_000_000)

    async def _run(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.emit(time.time_ns() // 1_000_000)

    def _collect(self) -> dict[str, tuple[float, str]]:
        """Each metric's value since the last time, and its unit."""
        found: dict[str, tuple[float, str]] = {}
        for metric in self._registry.collect():
            if metric.name.startswith(_PREFIX) or metric.name in _PROCESS:
                name = metric.name.removeprefix(_PREFIX)
                unit = "Seconds" if name.endswith("seconds") else "Bytes" if name.endswith("bytes") else "Count"
                if metric.type == "counter":
                    found |= {key: (self._since(key, total), unit) for key, total in _totals(name, metric).items()}
                elif metric.type == "gauge":
                    found[name] = (sum(sample.value for sample in metric.samples), unit)
                elif metric.type == "histogram":
                    found |= self._histogram(name, unit, metric)
        return found

    def _histogram(self, name: str, unit: str, metric: Metric) -> dict[str, tuple[float, str]]:
        buckets: dict[float, float] = defaultdict(float)
        sums = {"_count": 0.0, "_sum": 0.0}
        for sample in metric.samples:
            suffix = sample.name.removeprefix(metric.name)
            if suffix == "_bucket":
                buckets[float(sample.labels["le"])] += sample.value
            elif suffix in sums:
                sums[suffix] += sample.value
        new = [(edge, self._since(f"{name}<{edge}", value)) for edge, value in sorted(buckets.items())]
        found = {
            f"{name}_count": (self._since(f"{name}_count", sums["_count"]), "Count"),
            f"{name}_sum": (self._since(f"{name}_sum", sums["_sum"]), unit),
        }
        if found[f"{name}_count"][0]:
            found |= {f"{name}_{label}": (_quantile(new, share), unit) for share, label in _QUANTILES}
        return found

    def _since(self, key: str, value: float) -> float:
        before = self._before.get(key, 0.0)
        self._before[key] = value
        return value - before


def _totals(name: str, metric: Metric) -> Mapping[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for sample in metric.samples:
        if sample.name.endswith("_total"):
            status = sample.labels.get("status")
            totals[name if status is None else f"{name}_{status[0]}xx"] += sample.value
    return totals


def _quantile(buckets: Sequence[Bucket], share: float) -> float:
    """Where `share` of what the buckets (upper edge, how many up to it) counted lies, drawn straight between two edges."""
    wanted = share * buckets[-1][1]
    edge_before, count_before = 0.0, 0.0
    for edge, count in buckets:
        if count >= wanted:
            if edge == float("inf") or count == count_before:
                return edge_before
            return edge_before + (edge - edge_before) * (wanted - count_before) / (count - count_before)
        edge_before, count_before = edge, count
    return edge_before


def _parts(items: Sequence[tuple[str, str]], size: int) -> Iterable[Sequence[tuple[str, str]]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
