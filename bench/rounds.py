"""Rounds over all services, so that a disturbance of the machine affects each of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.database import Database, environment
from bench.plan import CLIENTS, Plan
from bench.processes import Running, cpu_seconds, running
from bench.services import ALL, OPERATIONS, Service
from bench.wrk import Load, load


@dataclass(frozen=True)
class Measured:
    """One operation under load; CPU in microseconds a request, of the service and of Postgres."""

    load: Load
    cpu: float
    database_cpu: float


@dataclass(frozen=True)
class Turn:
    """One service's part of a round; memory in bytes, before the load and at its peak."""

    operations: dict[str, Measured]
    idle: int
    peak: int


def _measure(service: Running, database: Database, operation: str, seconds: int) -> Measured:
    before = cpu_seconds(service.tree()), cpu_seconds(database.processes())
    seen = load(service.port, operation, CLIENTS, seconds)
    after = cpu_seconds(service.tree()), cpu_seconds(database.processes())
    cpu, database_cpu = (
        1e6 * sum(spent - old.get(pid, 0) for pid, spent in new.items()) / seen.requests
        for old, new in zip(before, after, strict=True)
    )
    return Measured(seen, cpu, database_cpu)


def _turn(service: Service, database: Database, plan: Plan) -> Turn:
    with running(service, environment(database, database.socket_folder)) as process:
        idle = process.resident()
        load(process.port, "each", CLIENTS, plan.warm_up)
        operations = {name: _measure(process, database, name, plan.seconds) for name in OPERATIONS}
        return Turn(operations, idle, process.peak())


def turns(database: Database, plan: Plan) -> Iterator[tuple[Service, Turn]]:
    """Every service once a round; each round begins with another one."""
    for number in range(plan.rounds):
        for service in (*ALL[number % len(ALL) :], *ALL[: number % len(ALL)]):
            print(f"round {number + 1} of {plan.rounds}: {service.label}", flush=True)
            yield service, _turn(service, database, plan)
