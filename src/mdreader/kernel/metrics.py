"""What the server counts about itself, in one registry; `/metrics` renders it.

It lies in the kernel so that every layer can count; an increment costs under a microsecond and does no I/O. Prometheus names:

    REQUESTS           mdreader_http_requests_total{method,route,status}
    REQUEST_SECONDS    mdreader_http_request_seconds{method,route}
    IN_FLIGHT          mdreader_http_requests_in_flight
    CONNECTIONS        mdreader_connections            open sockets of live editing
    ROOMS              mdreader_rooms                  documents in memory
    COMMIT_SECONDS     mdreader_commit_seconds         one grouped commit of the update log
    COMMIT_BATCHES     mdreader_commit_batches_total   batches (one a room) inside those commits
    LOG_QUEUE          mdreader_log_queue              batches taken into the newest commit
    DELIVERY_LAG       mdreader_delivery_lag_seconds   from the moment a commit's edits are taken to their hand-over to the peers' sockets
    DELIVERIES         mdreader_deliveries_total       frames handed to peers' sockets
    REFUSED            mdreader_refused_total{reason}  messages, sockets or readers that were turned away, by close code or cause
    BUS_UP             mdreader_bus_up{bus}            1 while the link to the other servers stands
    BUS_GAPS           mdreader_bus_gaps_total         times that messages of other servers may have been missed
    BUS_DROPPED        mdreader_bus_dropped_total      messages to other servers that were given up, as too many waited
    MAILS              mdreader_mails_total{ending}    mails that were sent, failed or suppressed
"""

from collections.abc import Iterable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_DISK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS: Final = Counter(
    "mdreader_http_requests", "HTTP requests answered.", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS: Final = Histogram(
    "mdreader_http_request_seconds",
    "Seconds until an HTTP answer was complete.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)


class InFlight:
    """How many HTTP requests are being answered: a plain number, because live editing asks for it hundreds of times a second."""

    count = 0


IN_FLIGHT: Final = InFlight()
Gauge("mdreader_http_requests_in_flight", "HTTP requests being answered.", registry=REGISTRY).set_function(
    lambda: IN_FLIGHT.count
)
CONNECTIONS: Final = Gauge("mdreader_connections", "Open sockets of live editing.", registry=REGISTRY)
ROOMS: Final = Gauge("mdreader_rooms", "Documents in memory.", registry=REGISTRY)
COMMIT_SECONDS: Final = Histogram(
    "mdreader_commit_seconds", "Seconds a grouped commit of the update log took.", buckets=_DISK, registry=REGISTRY
)
COMMIT_BATCHES: Final = Counter("mdreader_commit_batches", "Batches committed to the update log.", registry=REGISTRY)
LOG_QUEUE: Final = Gauge("mdreader_log_queue", "Batches taken into the newest commit.", registry=REGISTRY)
DELIVERY_LAG: Final = Histogram(
    "mdreader_delivery_lag_seconds",
    "Seconds from the moment a commit's edits are taken to their hand-over to the peers' sockets.",
    buckets=_DISK,
    registry=REGISTRY,
)


class Deliveries(Collector):
    """How many frames were handed to peers' sockets: a plain number, because a room counts at every edit."""

    count = 0

    def collect(self) -> Iterable[Metric]:
        """What `/metrics` shows of it."""
        yield CounterMetricFamily("mdreader_deliveries", "Frames handed to peers' sockets.", self.count)


DELIVERIES: Final = Deliveries()
REGISTRY.register(DELIVERIES)
REFUSED: Final = Counter("mdreader_refused", "What live editing turned away.", ("reason",), registry=REGISTRY)
BUS_UP: Final = Gauge("mdreader_bus_up", "Whether the link to the other servers stands.", ("bus",), registry=REGISTRY)
BUS_GAPS: Final = Counter(
    "mdreader_bus_gaps", "Times messages of other servers may have been missed.", registry=REGISTRY
)
BUS_DROPPED: Final = Counter("mdreader_bus_dropped", "Messages to other servers that were given up.", registry=REGISTRY)
MAILS: Final = Counter("mdreader_mails", "Mails by what became of them.", ("ending",), registry=REGISTRY)
