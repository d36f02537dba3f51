"""Many at once and live: a batch, a page of the feed, a thousand subscribers: `make bench-many`."""

import os
import resource
import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial

from bench.client import NEW_TASK, Client, client
from bench.database import Database, durable_cluster, environment
from bench.growth import latency
from bench.machine import machine
from bench.processes import Running, cpu_seconds, running
from bench.report import listed, write
from bench.services import OURS
from bench.tables import table

ROUNDS = 9
SUBSCRIBERS, OWNERS = 1_000, 100
IDLE = 5.0
"""Seconds for which nothing happens."""

CHANGES = 20
BATCH = {"operations": [{"op": "create", "task": NEW_TASK}] * 100}


@dataclass(frozen=True)
class Compared:
    """Milliseconds of one way and of the other: median, lowest, highest."""

    name: str
    ours: list[float]
    other: list[float]

    def line(self) -> list[str]:
        ratio = statistics.median(self.other) / statistics.median(self.ours)
        return [self.name, *map(_spread, (self.ours, self.other)), f"{ratio:.2f}"]


@dataclass(frozen=True)
class Subscribed:
    """MiB before and with all subscribers, CPU of a core while idle, ms from commit to event."""

    before: float
    held: float
    idle_percent: float
    delays: list[float]


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def _in_turns(name: str, ours: Callable[[], object], other: Callable[[], object]) -> Compared:
    pairs = [(latency(ours), latency(other)) for _ in range(ROUNDS)]
    return Compared(name, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _hundred_creates(asking: Client) -> None:
    for _ in range(100):
        asking.ask("POST", "/api/1/tasks", NEW_TASK)


def _compared(asking: Client) -> list[Compared]:
    ask = asking.ask
    return [
        _in_turns(
            "100 creates: a batch, one by one",
            partial(ask, "POST", "/api/1/tasks/batch", BATCH),
            partial(_hundred_creates, asking),
        ),
        _in_turns(
            "50 tasks of 10,000: of the feed, of the list",
            partial(ask, "GET", "/api/2/tasks/changes?since=5000&limit=50"),
            partial(ask, "GET", "/api/2/tasks?limit=50"),
        ),
    ]


def _subscriber(port: int, owner: int) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    stream.sendall(f"GET /api/{owner}/tasks/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    while b"\r\n\r\n" not in stream.recv(65_536):
        pass
    return stream


def _delay(asking: Client, stream: socket.socket) -> float:
    """From the answer to a create until its event is here, in ms."""
    came: list[float] = []

    def wait() -> None:
        while b"event: change" not in stream.recv(65_536):
            pass
        came.append(time.perf_counter())

    waiting = threading.Thread(target=wait)
    waiting.start()
    asking.ask("POST", "/api/5/tasks", NEW_TASK)
    answered = time.perf_counter()
    waiting.join(30)
    return (came[0] - answered) * 1000


def _subscribed(process: Running, asking: Client) -> Subscribed:
    before = process.resident()
    with ExitStack() as streams:
        owners = [number % OWNERS + 1 for number in range(SUBSCRIBERS)]
        opened = [streams.enter_context(_subscriber(process.port, owner)) for owner in owners]
        time.sleep(2)
        held, spent = process.resident(), sum(cpu_seconds(process.tree()).values())
        time.sleep(IDLE)
        percent = 100 * (sum(cpu_seconds(process.tree()).values()) - spent) / IDLE
        delays = [_delay(asking, opened[owners.index(5)]) for _ in range(CHANGES)]
    return Subscribed(before / 2**20, held / 2**20, percent, delays)


def _markdown(compared: list[Compared], subscribed: Subscribed, where: dict[str, str]) -> str:
    p50, p99 = (statistics.quantiles(subscribed.delays, n=100)[place] for place in (49, 98))
    head = ["p50 ms (lowest–highest)", "the first", "the second", "ratio"]
    lines = [one.line() for one in compared]
    told = (
        f"{SUBSCRIBERS:,} subscribers of {OWNERS} owners: {subscribed.before:.0f} MiB before, "
        f"{subscribed.held:.0f} MiB with them, {subscribed.idle_percent:.1f} % of a core while "
        f"idle, an event {p50:.0f} ms after its commit (p50; p99 {p99:.0f})."
    )
    date = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return "\n\n".join([f"# Many at once, {date}", listed(where), table(head, lines), told]) + "\n"


def many() -> None:
    """Measure, print, write to bench/results/."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    where = machine()
    with durable_cluster() as cluster:
        database = Database(cluster, 10, 100_000)
        surroundings = {**os.environ, **environment(database, database.socket_folder)}
        crowded = replace(OURS, command=("env", f"MAX_SUBSCRIBERS={SUBSCRIBERS}", *OURS.command))
        with running(crowded, surroundings) as process, client(process.port) as asking:
            compared = _compared(asking)
            subscribed = _subscribed(process, asking)
    text = _markdown(compared, subscribed, where)
    found = {"compared": [asdict(one) for one in compared], "subscribed": asdict(subscribed)}
    write("many", text, {"machine": where, **found}, {})
    print(text)
