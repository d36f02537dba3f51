"""What `/metrics` shows, in the format of Prometheus: of all processes, and asking no database.

No label names an owner or an id, and every label has few values, whatever clients send.
"""

import platform
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from backend.errors import AppError
from backend.observability.cells import CELLS, Counter, Gauge, Row
from backend.observability.requests import BOUNDS, Requests


def _codes(kind: type[AppError]) -> Iterator[str]:
    yield kind.code
    for below in kind.__subclasses__():
        yield from _codes(below)


OPEN_METRICS = "application/openmetrics-text; version=1.0.0"

REQUESTS = Requests()
REFUSALS = Counter("code", dict.fromkeys(_codes(AppError)))
IN_FLIGHT = Gauge()
WAITING = Gauge("line", ("slot", "share", "connection"))
POOL_IN_USE = Gauge()
POOL_SIZE = Gauge()
OUTAGES = Counter()
RETRIES = Counter()
SUBSCRIBERS = Gauge()
PURGE_HORIZON = Gauge(merge=max)
PROCESSES = Gauge()
STARTS = Counter()

_COUNTERS: dict[str, tuple[Counter, str]] = {
    "tasks_refusals": (REFUSALS, "Problems that were answered, by their code."),
    "tasks_database_outages": (OUTAGES, "Outages that processes noticed, each once."),
    "tasks_database_retries": (RETRIES, "Statements that were sent again after a failure."),
    "tasks_process_starts": (STARTS, "Processes that began to serve; more than there are: lost."),
}
_GAUGES: dict[str, tuple[Gauge, str]] = {
    "tasks_requests_in_flight": (IN_FLIGHT, "Requests whose answer has not begun."),
    "tasks_requests_waiting": (WAITING, "Requests in a line: for a slot, a share, a connection."),
    "tasks_database_connections_in_use": (POOL_IN_USE, "Connections that a statement uses now."),
    "tasks_database_connections_limit": (POOL_SIZE, "POOL_SIZE of all processes together."),
    "tasks_subscribers": (SUBSCRIBERS, "Open streams of events."),
    "tasks_purge_horizon_seconds": (
        PURGE_HORIZON,
        "Since 1970: the last trashing that a purge has removed, as far as readers met it.",
    ),
    "tasks_processes": (PROCESSES, "Processes that serve."),
}


def begin_process(pool_size: int) -> None:
    """This process serves from now on."""
    PROCESSES.set(1)
    POOL_SIZE.set(pool_size)
    STARTS.add()


class _Cells(Collector):
    """Everything, as it is at the moment of the question."""

    def __init__(self, version: str) -> None:
        self._version = version

    def collect(self) -> Iterator[Metric]:
        rows = CELLS.rows()
        build = GaugeMetricFamily(
            "tasks_build_info", "The release that serves; always 1.", labels=["version", "python"]
        )
        build.add_metric([self._version, platform.python_version()], 1)
        yield build
        yield _answers(rows)
        yield _durations(rows)
        for name, (counter, told) in _COUNTERS.items():
            labels = [counter.label] if counter.label else []
            counted = CounterMetricFamily(name, told, labels=labels)
            _fill(counted.add_metric, labels, counter.totals(rows))
            yield counted
        for name, (gauge, told) in _GAUGES.items():
            labels = [gauge.label] if gauge.label else []
            measured = GaugeMetricFamily(name, told, labels=labels)
            _fill(measured.add_metric, labels, gauge.totals(rows))
            yield measured


def _fill(
    add: Callable[[list[str], float], None], labels: list[str], totals: Mapping[str, float]
) -> None:
    for value, total in totals.items():
        add([value] if labels else [], total)


def _answers(rows: list[Row]) -> Metric:
    labels = ["route", "method", "status"]
    family = CounterMetricFamily("tasks_requests", "Requests, with their answer.", labels=labels)
    for *values, number in REQUESTS.answers(rows):
        family.add_metric([str(value) for value in values], number)
    return family


def _durations(rows: list[Row]) -> Metric:
    family = HistogramMetricFamily(
        "tasks_request_duration_seconds",
        "From a request's head to the head of its answer.",
        labels=["route", "method"],
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for one in REQUESTS.durations(rows):
        buckets = list(zip(bounds, one.buckets, strict=True))
        family.add_metric([one.route, one.method], buckets, one.total)
    return family


def exposition(version: str, accept: str) -> tuple[bytes, str]:
    """The numbers as text and its media type, by the `Accept` of the request.

    Nothing else of that header is used: the library would repeat its version in the answer's.
    """
    encode, media_type = choose_encoder(OPEN_METRICS if "openmetrics" in accept else "")
    return encode(_Cells(version)), media_type
