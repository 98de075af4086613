"""Traces: what a collector gets of a server, and what it never gets."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mdreader.adapters.tracing_otel import OtelTracing
from mdreader.kernel import tracing
from support.collector import Collected, Collector, collector
from support.http import PASSWORD, signed_up_at
from support.server import Server

# The SDK alone tries for 21 seconds to get rid of three batches; `STOP_SECONDS` are three.
TRIED_IN_VAIN = 15


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """What a server sent that people worked with for a moment."""
    with collector() as made:
        data = tmp_path_factory.mktemp("traced") / "data"
        server = Server(data, OTEL_EXPORTER_OTLP_ENDPOINT=made.url, OTEL_TRACES_SAMPLER="always_on").start()
        _work(server)
        assert server.stop() == 0
        yield made


def _work(server: Server) -> None:
    person = signed_up_at(server.url)
    with httpx.Client(base_url=server.url, headers=person.headers, timeout=60) as client:
        workspace = client.post("/api/workspaces", json={"name": "Secret plans"}).json()["id"]
        created = client.post(f"/api/workspaces/{workspace}/documents", json={"path": "a.md", "content": "one"})
        document = created.json()["id"]
        url = f"/api/documents/{document}/content"
        etag = client.get(url).headers["etag"]
        answer = client.put(url, content=b"two\n", headers={"If-Match": etag, "Content-Type": "text/markdown"})
        assert answer.status_code < 300, answer.text
        client.get("/api/health")
        client.get("/api/me?token=very-secret-token&q=a+search")
        client.get("/api/me", headers={"traceparent": f"00-{'7' * 32}-{'8' * 16}-01"})


def roots(collected: Collector) -> dict[str, Collected]:
    return {span.id: span for span in collected.spans if not span.parent}


def test_a_request_is_a_span_named_by_its_route(collected: Collector) -> None:
    (span,) = collected.named("POST /api/workspaces")
    assert span.attributes["http.response.status_code"] == 201
    assert span.attributes["http.route"] == "/api/workspaces"
    assert span.resource["service.name"] == "mdreader"
    assert not span.parent
    assert not span.failed


def test_a_transaction_lies_inside_its_request(collected: Collector) -> None:
    (request,) = collected.named("POST /api/workspaces")
    inside = [span for span in collected.named("db.transaction") if span.parent == request.id]
    assert len(inside) == 1
    assert inside[0].trace == request.trace
    assert request.started <= inside[0].started <= inside[0].ended <= request.ended


def test_a_commit_of_the_log_is_a_trace_of_its_own(collected: Collector) -> None:
    commits = collected.named("collab.commit")
    assert commits
    assert all(not span.parent and span.attributes["batches"] >= 1 and not span.failed for span in commits)
    assert all(0 < span.ended - span.started < 30e9 for span in commits)


def test_trace_ids_begin_with_their_second(collected: Collector) -> None:
    now = time.time()
    for span in roots(collected).values():
        assert now - 600 < int(span.trace[:8], 16) <= now


def test_a_callers_trace_goes_on(collected: Collector) -> None:
    assert [span.name for span in collected.spans if span.trace == "7" * 32] == ["GET /api/me"]


def test_nobody_traces_what_is_asked_every_second(collected: Collector) -> None:
    assert collected.spans
    assert not [span for span in collected.spans if "health" in span.name]


def test_no_secret_and_no_word_of_a_document_leaves(collected: Collector) -> None:
    everything = repr(collected.spans)
    assert "GET /api/me" in everything
    for word in ("very-secret-token", "a+search", PASSWORD, "Secret plans", "Bearer", "@example"):
        assert word not in everything


def test_a_collector_that_is_away_stops_nobody(tmp_path: Path) -> None:
    server = Server(
        tmp_path / "data", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_TRACES_SAMPLER="always_on"
    )
    server.start()
    signed_up_at(server.url)
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < TRIED_IN_VAIN


def test_many_spans_that_nobody_takes_hold_up_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    traced = OtelTracing("http://127.0.0.1:9", version="1")
    for _ in range(1200):  # more than two batches
        traced.worked("collab.commit", 0.01, {"batches": 1})
    started = time.monotonic()
    traced.close()
    assert time.monotonic() - started < TRIED_IN_VAIN


def test_a_job_is_a_trace_with_its_transactions_and_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    with collector() as made:
        traced = OtelTracing(made.url, version="1")
        tracing.collect(traced)
        try:
            with tracing.doing("db.transaction"):  # nothing that is traced goes on here
                pass
            with pytest.raises(ValueError, match="plans"):
                _fail()
        finally:
            tracing.collect(None)
            traced.close()
        (job,) = made.named("job")
        assert job.failed
        assert (job.attributes["kind"], job.attributes["attempt"]) == ("index", 2)
        assert [span.parent for span in made.named("db.transaction")] == [job.id]
        assert "Secret plans" not in repr(made.spans)


def _fail() -> None:
    with tracing.working("job", kind="index", attempt=2):
        with tracing.doing("db.transaction"):
            pass
        raise ValueError("Secret plans")


def test_of_what_is_not_asked_for_otherwise_a_tenth_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_TRACES_SAMPLER", raising=False)
    with collector() as made:
        traced = OtelTracing(made.url, version="1")
        for _ in range(1000):
            traced.worked("collab.commit", 0.01, {"batches": 1})
        traced.close()
        assert 40 < len(made.spans) < 200  # 100, and six standard deviations to either side


def test_off_no_span_is_made() -> None:
    assert tracing.doing("a") is tracing.working("b")  # one object for all, made beforehand
