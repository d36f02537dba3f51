"""Traces, by FastAPI's own OpenTelemetry support; nothing is sent unless an address is configured.

A span of each request is FastAPI's. Ours are those of its statements (specs/decisions/0106).
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import Any

from opentelemetry import trace

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
MISSING = f"{ENDPOINT} needs the packages of requirements-telemetry.lock"

is_traced: ContextVar[bool] = ContextVar("is_traced", default=False)
"""Whether FastAPI watches the request that is being served: then its statements are spans, too."""

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b.*")
_tracer = trace.get_tracer("backend.database")


class TracingError(SystemExit):
    """Traces are configured, and cannot be sent: one line, and status 1."""


def prepare(endpoint: str) -> None:
    """Let FastAPI send traces there from its start on, and nothing else unless the environment says
    so: the numbers are at /metrics, and events would hold what clients sent. Raises TracingError.
    """
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None:
        raise TracingError(MISSING)
    os.environ[ENDPOINT] = endpoint
    os.environ.setdefault("OTEL_SERVICE_NAME", "tasks-api")
    for signal in ("METRICS", "LOGS"):
        os.environ.setdefault(f"OTEL_{signal}_EXPORTER", "none")


@cache
def keep_queries_out() -> None:
    """Spans would hold what was searched for."""
    from opentelemetry.sdk.trace import Span, SpanProcessor  # noqa: PLC0415  (not always there)

    class WithoutQuery(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:
            if span.attributes and "url.query" in span.attributes:
                span.set_attribute("url.query", "REDACTED")

    provider: Any = trace.get_tracer_provider()
    if hasattr(provider, "add_span_processor"):
        provider.add_span_processor(WithoutQuery())


@contextmanager
def statement_span(name: str) -> Iterator[None]:
    """Around a statement, with all of its attempts. Its values are in no span, nor is its text."""
    attributes = {"db.system.name": "postgresql", "db.query.summary": name}
    with _tracer.start_as_current_span(
        name, kind=trace.SpanKind.CLIENT, attributes=attributes, record_exception=False
    ):
        yield


def trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Of the span of this request, or else of the `traceparent` that came with it."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return trace.format_trace_id(context.trace_id)
    for name, value in headers:
        if name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value)):
            return match[1].decode()
    return None
