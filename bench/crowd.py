"""This service under many connections, and NFR-04: the mix of 100 clients at a stated rate."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.client import client
from bench.database import Database, environment
from bench.processes import Running, running
from bench.services import in_processes
from bench.wrk import Load, load

WORKERS = (1, 2)
CONNECTIONS = (10, 100, 1_000)
CLIENTS = 100
RATES = (100, 200, 400)  # requests a second, offered
WARM_UP, SECONDS = 3, 10


@dataclass(frozen=True)
class Crowd:
    """Load with the mix, as fast as `connections` clients get answers, or at an offered rate."""

    workers: int
    connections: int
    offered: int | None
    seen: Load
    idle: float
    peak: float
    """MiB of the largest process: before any load, and the most so far."""


@contextmanager
def _served(database: Database, workers: int) -> Iterator[Running]:
    with running(in_processes(workers), environment(database, database.socket_folder)) as process:
        yield process


def _crowds(process: Running, workers: int, loads: list[tuple[int, int | None]]) -> Iterator[Crowd]:
    idle = process.resident() / 2**20
    load(process.port, "mix", 10, WARM_UP)
    for connections, offered in loads:
        print(f"{workers} workers, {connections} connections, {offered or 'any'}/s", flush=True)
        seen = load(process.port, "mix", connections, SECONDS, offered or 0)
        with client(process.port) as last:  # in line behind what the load has left
            last.operate("read", 1, 1)
        yield Crowd(workers, connections, offered, seen, idle, process.peak() / 2**20)


def crowds(database: Database) -> list[Crowd]:
    """Measure one worker at each offered rate, and each number of workers under full load."""
    loads: list[tuple[int, int | None]] = [(connections, None) for connections in CONNECTIONS]
    rates: list[tuple[int, int | None]] = [(CLIENTS, rate) for rate in RATES]
    found: list[Crowd] = []
    for workers in WORKERS:
        with _served(database, workers) as process:
            found += _crowds(process, workers, [*(rates if workers == 1 else []), *loads])
    return found
