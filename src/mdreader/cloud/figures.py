"""The tables that the arithmetic stands on: what was measured (`measured.toml`) and what AWS asks for (`prices.toml`)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_PACKAGE: Final = "mdreader.cloud"


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured; `command` measures it again."""

    value: float
    what: str
    command: str
    date: str


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a `unit` in us-east-1; `scales` names the factor that other regions have for it."""

    price: float
    unit: str
    scales: str
    source: str


@dataclass(frozen=True, slots=True)
class Region:
    """Where it runs: factors on the prices of us-east-1, and which steps CloudFront's traffic follows there."""

    id: str
    name: str
    compute: float
    fargate: float
    edge: str


@dataclass(frozen=True, slots=True)
class Edge:
    """What traffic costs near a region: steps of CloudFront (from how many GB a month on, dollars a GB), to the servers, without it.

    `requests` are dollars for 10,000 of them over HTTPS.
    """

    straight: float
    origin: float
    requests: float
    steps: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """The whole table."""

    month: str
    hours: float
    sources: dict[str, str]
    items: dict[str, Price]
    free: dict[str, float]
    edges: dict[str, Edge]
    regions: dict[str, Region]

    def of(self, item: str, region: Region) -> float:
        """Dollars for one unit of `item` in a region."""
        found = self.items[item]
        factor = {"flat": 1.0, "compute": region.compute, "fargate": region.fargate}[found.scales]
        return found.price * factor

    def by_the_hour(self, item: str, region: Region) -> float:
        """Dollars for a month of what is paid by the hour."""
        return self.of(item, region) * self.hours


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(_PACKAGE) / name).read_text("utf-8"))


@cache
def measured() -> dict[str, Figure]:
    """What was measured, by name."""
    return {name: Figure(**entry) for name, entry in _read("measured.toml").items()}


def value(name: str) -> float:
    """One measured figure."""
    return measured()[name].value


@cache
def prices() -> Prices:
    """What AWS asks for."""
    table = _read("prices.toml")
    return Prices(
        month=table["month"],
        hours=table["hours_per_month"],
        sources=table["sources"],
        items={name: Price(**entry) for name, entry in table["items"].items()},
        free=table["free"],
        edges={
            name: Edge(
                entry["straight"],
                entry["origin"],
                entry["requests"],
                tuple((start, price) for start, price in entry["steps"]),
            )
            for name, entry in table["edges"].items()
        },
        regions={id_: Region(id=id_, **entry) for id_, entry in table["regions"].items()},
    )
