"""The results of all rounds: medians, and this service's ratio to each peer with its target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.distance import Distance
from bench.rounds import Measured, Turn
from bench.services import OPERATIONS, OURS, Service


@dataclass(frozen=True)
class Ratio:
    """Our throughput by a peer's; the peer's CPU of a request, and its PostgreSQL's, by ours."""

    throughput: float
    lowest: float
    highest: float
    cpu: float
    database_cpu: float
    target: float | None

    @property
    def misses(self) -> bool:
        return self.target is not None and self.throughput < self.target


@dataclass(frozen=True)
class Row:
    """One service at one operation: medians of all rounds; ms, and µs of CPU a request."""

    service: str
    label: str
    operation: str
    rate: float
    p50: float
    p95: float
    p99: float
    failed: int
    cpu: float
    database_cpu: float
    round_trips: int
    delayed: dict[int, float]
    ratio: Ratio


@dataclass(frozen=True)
class Memory:
    """MiB of the serving process: started, and at its peak under load."""

    service: str
    label: str
    idle: float
    peak: float


Turns = dict[Service, list[Turn]]


def _ratio(ours: Sequence[Measured], peer: Sequence[Measured], target: float | None) -> Ratio:
    """Taken within each round, so that a disturbance of the machine affects both services."""
    pairs = list(zip(ours, peer, strict=True))
    rates = [us.load.rate / max(them.load.rate, 0.1) for us, them in pairs]
    cpu = median(them.cpu / us.cpu for us, them in pairs)
    database_cpu = median(them.database_cpu / us.database_cpu for us, them in pairs)
    return Ratio(median(rates), min(rates), max(rates), cpu, database_cpu, target)


def _row(service: Service, operation: str, turns: Turns, distance: Distance) -> Row:
    measured = [turn.operations[operation] for turn in turns[service]]
    ours = [turn.operations[operation] for turn in turns[OURS]]

    def middle(figure: Callable[[Measured], float]) -> float:
        return median(map(figure, measured))

    return Row(
        service=service.name,
        label=service.label,
        operation=operation,
        rate=middle(lambda one: one.load.rate),
        p50=middle(lambda one: one.load.p50),
        p95=middle(lambda one: one.load.p95),
        p99=middle(lambda one: one.load.p99),
        failed=sum(one.load.failed for one in measured),
        cpu=middle(lambda one: one.cpu),
        database_cpu=middle(lambda one: one.database_cpu),
        round_trips=distance.round_trips,
        delayed=distance.p50,
        ratio=_ratio(ours, measured, service.target(operation)),
    )


def rows(turns: Turns, distances: dict[Service, dict[str, Distance]]) -> list[Row]:
    """By operation, then service."""
    return [
        _row(service, operation, turns, distances[service][operation])
        for operation in OPERATIONS
        for service in turns
    ]


def memory(turns: Turns) -> list[Memory]:
    return [
        Memory(
            service.name,
            service.label,
            median(turn.idle for turn in taken) / 2**20,
            max(turn.peak for turn in taken) / 2**20,
        )
        for service, taken in turns.items()
    ]
