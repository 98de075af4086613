"""Metrics as CloudWatch reads them from a log."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mdreader.adapters.metrics_emf import ESSENTIAL, EmfWriter
from support.server import Server

NOW = 1_795_000_000_000
NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
# The format's rules, as CloudWatch's specification words them.
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "additionalProperties": False,
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 1_000_000_000_000},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "additionalProperties": False,
                        "properties": {
                            "Namespace": NAME,
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": NAME | {"maxLength": 250}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "additionalProperties": False,
                                    "properties": {"Name": NAME, "Unit": {"enum": ["Count", "Seconds", "Bytes"]}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}


def check(line: str) -> dict[str, Any]:
    """What a line says, when CloudWatch would understand all of it."""
    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    document: dict[str, Any] = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    Draft7Validator(SCHEMA).validate(document)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            assert all(isinstance(document[name], str) and document[name] for name in names)
        for metric in directive["Metrics"]:
            assert isinstance(document[metric["Name"]], int | float), metric
    return document


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def lines() -> list[str]:
    return []


def test_a_counter_goes_out_as_what_came_since(registry: CollectorRegistry, lines: list[str]) -> None:
    frames = Counter("mdreader_deliveries", "Frames.", registry=registry)
    frames.inc(1000)
    writer = EmfWriter(registry, lines.append, service="notes", detailed=True)
    for step in (5, 0, 7):
        frames.inc(step)
        writer.emit(NOW)
    documents = [check(line) for line in lines]
    assert [document["deliveries"] for document in documents] == [5, 0, 7]
    assert documents[0]["Service"] == "notes"
    assert documents[0]["_aws"]["Timestamp"] == NOW


def test_requests_are_told_apart_by_the_kind_of_status_alone(registry: CollectorRegistry, lines: list[str]) -> None:
    requests = Counter("mdreader_http_requests", "Requests.", ("method", "route", "status"), registry=registry)
    writer = EmfWriter(registry, lines.append, service="notes", detailed=True)
    for route in range(50):
        for status in ("200", "204", "404", "503"):
            requests.labels("GET", f"/{route}", status).inc()
    writer.emit(NOW)
    found = check(lines[0])
    assert {name: value for name, value in found.items() if name.startswith("http_requests")} == {
        "http_requests_2xx": 100,
        "http_requests_4xx": 50,
        "http_requests_5xx": 50,
    }


def test_a_gauge_goes_out_as_it_is(registry: CollectorRegistry, lines: list[str]) -> None:
    rooms = Gauge("mdreader_rooms", "Rooms.", registry=registry)
    writer = EmfWriter(registry, lines.append, service="notes", detailed=True)
    rooms.set(12)
    for _ in range(2):
        writer.emit(NOW)
    assert [check(line)["rooms"] for line in lines] == [12, 12]


def test_what_could_not_be_measured_is_left_out(registry: CollectorRegistry, lines: list[str]) -> None:
    waiting = Gauge("mdreader_jobs_waiting", "Jobs.", registry=registry)
    waiting.set(float("nan"))
    Gauge("mdreader_rooms", "Rooms.", registry=registry).set(3)
    EmfWriter(registry, lines.append, service="notes", detailed=True).emit(NOW)
    found = check(lines[0])
    assert "jobs_waiting" not in found
    assert found["rooms"] == 3


def test_a_histogram_is_four_numbers_of_its_minute(registry: CollectorRegistry, lines: list[str]) -> None:
    seconds = Histogram("mdreader_commit_seconds", "Seconds.", ("kind",), buckets=(0.01, 0.1, 1), registry=registry)
    seconds.labels("x").observe(0.9)
    writer = EmfWriter(registry, lines.append, service="notes", detailed=True)
    for _ in range(95):
        seconds.labels("x").observe(0.005)
    for _ in range(5):
        seconds.labels("y").observe(50)
    writer.emit(NOW)
    writer.emit(NOW)
    first, second = (check(line) for line in lines)
    assert first["commit_seconds_count"] == 100
    assert first["commit_seconds_sum"] == pytest.approx(250.475)
    assert first["commit_seconds_p50"] == pytest.approx(0.01 * 50 / 95)
    assert first["commit_seconds_p95"] == pytest.approx(0.01)
    assert second["commit_seconds_count"] == 0
    assert "commit_seconds_p50" not in second  # nothing happened: there is no such figure


def test_above_the_highest_edge_the_edge_is_what_is_known(registry: CollectorRegistry, lines: list[str]) -> None:
    seconds = Histogram("mdreader_commit_seconds", "Seconds.", buckets=(0.01, 0.1), registry=registry)
    writer = EmfWriter(registry, lines.append, service="notes", detailed=True)
    seconds.observe(50)
    writer.emit(NOW)
    assert check(lines[0])["commit_seconds_p95"] == pytest.approx(0.1)


def named(document: dict[str, Any]) -> set[str]:
    """What CloudWatch makes metrics of, and bills."""
    return {metric["Name"] for directive in document["_aws"]["CloudWatchMetrics"] for metric in directive["Metrics"]}


def test_metrics_are_what_somebody_is_woken_by_and_the_line_holds_the_rest(
    registry: CollectorRegistry, lines: list[str]
) -> None:
    Gauge("mdreader_connections", "Sockets.", registry=registry).set(7)
    Gauge("mdreader_rooms", "Rooms.", registry=registry).set(3)
    Histogram("mdreader_commit_seconds", "Seconds.", registry=registry)
    writer = EmfWriter(registry, lines.append, service="notes")
    writer.emit(NOW)
    found = check(lines[0])
    assert named(found) == {"connections"}
    assert [directive["Dimensions"] for directive in found["_aws"]["CloudWatchMetrics"]] == [[["Service"]]]
    assert found["rooms"] == 3  # a search in the log finds it, by its server
    assert found["Server"]


def test_every_figure_is_a_metric_for_each_server_when_that_is_asked_for(
    registry: CollectorRegistry, lines: list[str]
) -> None:
    Gauge("mdreader_connections", "Sockets.", registry=registry).set(7)
    Gauge("mdreader_rooms", "Rooms.", registry=registry).set(3)
    EmfWriter(registry, lines.append, service="notes", detailed=True).emit(NOW)
    found = check(lines[0])
    assert named(found) == {"connections", "rooms"}
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Service"], ["Service", "Server"]]


def test_no_directive_holds_more_than_the_format_allows(registry: CollectorRegistry, lines: list[str]) -> None:
    for number in range(230):
        Gauge(f"mdreader_part_{number}", "A part.", registry=registry).set(number)
    EmfWriter(registry, lines.append, service="notes", detailed=True).emit(NOW)
    parts = check(lines[0])["_aws"]["CloudWatchMetrics"]
    assert [len(part["Metrics"]) for part in parts] == [100, 100, 30]


def test_a_server_writes_it_among_its_logs(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", MDREADER_METRICS="emf", OTEL_SERVICE_NAME="notes-web").start()
    with server.client() as client:
        assert client.get("/api/config").status_code == 200
    assert server.stop() == 0
    (line,) = [line for line in server.log if line.startswith('{"_aws"')]
    document = check(line)
    assert document["http_requests_2xx"] >= 1
    assert document["Service"] == "notes-web"
    # Every one of them costs money at CloudWatch (docs/costs.md counts them).
    assert named(document) <= ESSENTIAL
    assert "connections" in named(document)
    assert all(json.loads(other) for other in server.log)


def test_a_server_that_was_not_asked_writes_none(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    assert server.stop() == 0
    assert not [line for line in server.log if "_aws" in line]
