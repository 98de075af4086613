"""Traces by OpenTelemetry, to a collector that speaks OTLP over HTTP; AWS's own (ADOT) hands them to X-Ray."""

import os
import random
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Status, StatusCode

from mdreader.kernel.tracing import Value

# One of ten, unless OTEL_TRACES_SAMPLER says otherwise, as the SDK reads it.
SAMPLED: Final = 0.1
STOP_SECONDS: Final = 3.0
_QUIET: Final = ("/assets/", "/api/health", "/api/ready", "/metrics")


class TimedIds(IdGenerator):
    """Trace ids that begin with the second they were made in: X-Ray wants that, and everybody else takes any."""

    def generate_trace_id(self) -> int:
        """128 bits, of which 96 are random."""
        return (int(time.time()) & 0xFFFFFFFF) << 96 | random.getrandbits(96)

    def generate_span_id(self) -> int:
        """64 random bits."""
        return random.getrandbits(64) or 1


class _NoQueries(SpanProcessor):
    """Takes the query from the address of a request: tokens and searches travel there."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the SDK's signature
        if span.attributes is not None and "url.query" in span.attributes:
            span.set_attribute("url.query", "")

    def on_end(self, span: ReadableSpan) -> None:
        """Nothing to do."""


def _sampler() -> Sampler | None:
    if os.environ.get("OTEL_TRACES_SAMPLER"):
        return None
    ratio = TraceIdRatioBased(SAMPLED)
    # A stranger's header may name a trace, but not have us record it.
    return ParentBased(ratio, remote_parent_sampled=ratio, remote_parent_not_sampled=ratio)


class OtelTracing:
    """Spans of requests (FastAPI's own), and those of `kernel.tracing`."""

    def __init__(self, endpoint: str, *, version: str) -> None:
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes over these.
        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "mdreader"), "service.version": version}
        self._provider = TracerProvider(
            sampler=_sampler(), resource=Resource.create(named), id_generator=TimedIds(), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=STOP_SECONDS)
        self._provider.add_span_processor(_NoQueries())
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("mdreader", version)

    @property
    def telemetry(self) -> TelemetryConfig:
        """What FastAPI takes: a span a request, and nothing for each dependency of it."""
        return {
            "tracer_provider": self._provider,
            "tracing": True,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": _is_quiet,
        }

    def close(self) -> None:
        """Send what waits; blocks, for `STOP_SECONDS` at most."""
        # The SDK tries every waiting batch in turn: with a collector that is away that took 21 seconds. The process ends without it.
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(STOP_SECONDS)

    def doing(self, name: str, attributes: dict[str, Value]) -> AbstractContextManager[object]:
        """See `kernel.tracing.Tracer`."""
        return self._doing(name, attributes) if trace.get_current_span().is_recording() else nullcontext()

    @contextmanager
    def _doing(self, name: str, attributes: dict[str, Value]) -> Iterator[None]:
        # Not made the current one: the block may end in another context than it began in.
        span = self._tracer.start_span(name, attributes=attributes)
        try:
            yield
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    @contextmanager
    def working(self, name: str, attributes: dict[str, Value]) -> Iterator[None]:
        """See `kernel.tracing.Tracer`."""
        with self._tracer.start_as_current_span(
            name, Context(), attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Exception as error:
                # Its class alone: a message may hold what somebody wrote.
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def worked(self, name: str, seconds: float, attributes: dict[str, Value]) -> None:
        """See `kernel.tracing.Tracer`."""
        now = time.time_ns()
        span = self._tracer.start_span(name, Context(), attributes=attributes, start_time=now - int(seconds * 1e9))
        span.end(now)


def _is_quiet(scope: MutableMapping[str, Any]) -> bool:
    return str(scope.get("path", "")).startswith(_QUIET)
