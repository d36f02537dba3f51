"""FastAPI's telemetry sees each request, and answers stay what they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend.observability import tracing
from backend.tests.support.api import Api
from backend.tests.support.recorder import RecordingClient

OPERATIONS = {"fastapi.dependencies", "fastapi.endpoint"}


@dataclass
class Watched:
    """What an operator's exporters have received."""

    spans: InMemorySpanExporter
    events: InMemoryLogRecordExporter
    metrics: InMemoryMetricReader

    def names(self) -> list[str]:
        """The names of the spans since the last call."""
        names = [span.name for span in self.spans.get_finished_spans()]
        self.spans.clear()
        return names


@pytest.fixture
def watched(client: RecordingClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The application, with exporters that keep what they are given."""
    events = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    seen = Watched(InMemorySpanExporter(), events, InMemoryMetricReader())
    tracer, logger = TracerProvider(), LoggerProvider()
    tracer.add_span_processor(SimpleSpanProcessor(seen.spans))
    logger.add_log_record_processor(SimpleLogRecordProcessor(seen.events))
    meter = MeterProvider([seen.metrics])
    providers = {"tracer_provider": tracer, "logger_provider": logger, "meter_provider": meter}
    wanted = dict.fromkeys(("tracing", "logs", "metrics"), True)
    # The global providers can be set only once in a process.
    for name, value in {**wanted, **providers}.items():
        monkeypatch.setitem(client.app._telemetry, name, value)
    yield seen
    for one in (tracer, logger, meter):
        one.shutdown()


def told(answer: Any) -> Any:
    """What an answer says, but for what differs each time."""
    if answer.is_success:
        return answer.status_code, answer.json()
    return answer.status_code, answer.json()["code"], answer.json().get("errors")


@pytest.mark.requirement("NFR-15", "NFR-17")
@pytest.mark.threat(64)
def test_a_traced_request_answers_like_any_other(api: Api, request: pytest.FixtureRequest) -> None:
    task = api.create(title="x").json()
    urls = [api.tasks("limit=1"), api.tasks("limit=x&sort=y"), api.of("x").tasks()]
    urls += [api.task(task["id"]), api.task(10**15), api.task("y")]
    untraced = [told(api.client.get(url)) for url in urls]
    watched: Watched = request.getfixturevalue("watched")
    assert [told(api.client.get(url)) for url in urls] == untraced
    assert len([name for name in watched.names() if name.startswith("GET ")]) == len(urls)


@pytest.mark.requirement("NFR-17")
@pytest.mark.threat(64)
def test_a_request_is_a_span_named_for_its_route_with_its_operations_below(
    api: Api, watched: Watched
) -> None:
    request = api.surface.create(1, title="x")
    task = api.send(request).json()
    template = request.url.replace("/1/", "/{user_id}/")
    created = watched.names()
    assert created[-1] == f"POST {template}"
    assert set(created) >= OPERATIONS
    api.read(task["id"])
    [*_, last] = watched.names()
    assert last == f"GET {template}/{{id}}"


@pytest.mark.requirement("NFR-17")
@pytest.mark.threat(64)
def test_refused_arguments_are_an_event_and_every_request_is_measured(
    api: Api, watched: Watched
) -> None:
    assert api.list("limit=x").status_code == 400
    [event] = watched.events.get_finished_logs()
    assert event.log_record.event_name == "fastapi.validation.failed"
    measured = watched.metrics.get_metrics_data()
    assert measured is not None
    assert "http.server.request.duration" in measured.to_json()


@pytest.mark.requirement("FR-66")
def test_each_statement_is_a_span_by_its_name_without_its_text_or_its_values(
    api: Api, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = api.client.app._telemetry["tracer_provider"]
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("backend.database"))
    task = api.made(title="secret-word")
    api.list("q=secret-word")
    api.read(task["id"])
    spans = watched.spans.get_finished_spans()
    [created, listed, read] = [s for s in spans if "db.query.summary" in (s.attributes or {})]
    assert [created.name, read.name] == ["tasks.CREATE", "tasks.READ"]
    assert listed.name == "page"
    for span in (created, listed, read):
        assert dict(span.attributes or {}) == {
            "db.system.name": "postgresql",
            "db.query.summary": span.name,
        }
        assert span.parent is not None


@pytest.mark.requirement("NFR-57")
def test_a_request_that_nobody_traces_makes_no_span(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_tracer", None)  # which would fail
    assert api.client.app._telemetry["auto_configure"] is False
    api.made(title="x")
