"""A database that is further away: counts round trips, and delays each answer."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread

from backend.tests.support.proxy import Proxy
from bench.agreement import require_agreement
from bench.client import Client, client
from bench.database import Database, environment
from bench.plan import Plan
from bench.processes import running
from bench.services import OPERATIONS, Service

WARM_UP = 5
Answers = SimpleQueue[tuple[float, bytes]]


class DistantDatabase(Proxy):
    """Counts round trips, and hands each answer on `delay` seconds after it came."""

    delay = 0.0

    def _answers(self, client: socket.socket, upstream: socket.socket) -> None:
        under_way: Answers = SimpleQueue()
        Thread(target=self._deliver, args=(client, under_way), daemon=True).start()
        with suppress(OSError):
            while data := upstream.recv(65536):
                under_way.put((time.monotonic() + self.delay, data))
        under_way.put((0, b""))
        upstream.close()

    def _deliver(self, client: socket.socket, under_way: Answers) -> None:
        """Forward in a thread of its own, so that an answer in several parts is delayed once."""
        with suppress(OSError):
            while (answer := under_way.get())[1]:
                time.sleep(max(0, answer[0] - time.monotonic()))
                client.sendall(answer[1])
            client.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Distance:
    """Round trips of one request, and its median latency (ms) by delay of a round trip (ms)."""

    round_trips: int
    p50: dict[int, float]


@contextmanager
def _distant(database: Database) -> Iterator[tuple[str, DistantDatabase]]:
    with TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        name = f".s.PGSQL.{database.url.query['port']}"
        proxy = DistantDatabase(Path(folder) / name, f"{database.socket_folder}/{name}")
        try:
            yield folder, proxy
        finally:
            proxy.close()


def _probe(
    client: Client, proxy: DistantDatabase, operation: str, times: int
) -> tuple[list[int], float]:
    """Round trips of each of some requests, one at a time, and their median latency in ms."""
    trips, spent = [], []
    for number in range(1, times + 1):
        before, started = proxy.round_trips, time.perf_counter()
        client.operate(operation, owner=number, task=number)
        spent.append((time.perf_counter() - started) * 1000)
        trips.append(proxy.round_trips - before)
    return trips, statistics.median(spent)


def distances(service: Service, database: Database, plan: Plan) -> dict[str, Distance]:
    """Measure each operation of a service for each distance of its database."""
    trips: dict[str, list[int]] = {operation: [] for operation in OPERATIONS}
    latency: dict[str, dict[int, float]] = {operation: {} for operation in OPERATIONS}
    with (
        _distant(database) as (folder, proxy),
        running(service, environment(database, folder)) as process,
        client(process.port) as asking,
    ):
        require_agreement(service, asking)
        for operation in OPERATIONS:
            proxy.delay = 0
            _probe(asking, proxy, operation, WARM_UP)
            for delay in plan.delays:
                proxy.delay = delay / 1000
                counted, p50 = _probe(asking, proxy, operation, plan.probes)
                trips[operation] += counted
                latency[operation][delay] = p50
    return {name: Distance(statistics.mode(trips[name]), latency[name]) for name in OPERATIONS}
