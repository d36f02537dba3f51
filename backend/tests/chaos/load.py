"""Clients that write, and remember what they were told."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from uuid import uuid4

from backend.tests.chaos.households import BOARDS, Household
from backend.tests.support.waiting import wait_until

OK = "ok"
CONNECTION_LOST = "connection lost"
STALE = "stale read"
OWNERS = 8
PAUSE = 0.05
"""Seconds that a client waits after a refusal."""


@dataclass
class Written:
    """A task as its only writer knows it: what may be in the database, and what must."""

    owner: int
    title: str
    id: int | None = None
    orders: set[int | None] = field(default_factory=lambda: {None})
    trashed: bool | None = False  # None: not known


@dataclass(frozen=True)
class Answer:
    """How one request ended: OK, the code of a problem, a bare status, or a lost connection."""

    began: float
    ended: float
    verdict: str


class Client(threading.Thread):
    """Creates with a key, changes, reads and trashes tasks that nobody else touches, and more
    (`households.py`).

    A task with a change of unknown outcome is left alone: that write may yet come.
    """

    def __init__(
        self,
        port: int,
        owner: int,
        stop: threading.Event,
        may_send: threading.Event,
        *,
        repeats: bool,
        board: int,
    ) -> None:
        super().__init__()
        self.household = Household(self._send, owner, board)
        self.answers: list[Answer] = []
        self.tasks: list[Written] = []
        self._owner = owner
        self._stopped = stop
        self._may_send = may_send
        self.is_resting = False
        """Whether it waits until it may send, with nothing under way."""

        self._repeats = repeats
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def run(self) -> None:
        number = 0
        while not self._stopped.is_set():
            task = self._create()
            number += 1
            self.household.act(number)
            if task.id is None or not (self._change(task, number) and self._read(task)):
                continue
            if self._change(task, -number) and number % 3 == 0:
                self._trash(task)
        self.close()

    def close(self) -> None:
        self._connection.close()

    def _create(self) -> Written:
        task = Written(self._owner, str(uuid4()))
        self.tasks.append(task)
        while task.id is None:
            made = self._send("POST", "", {"title": task.title}, task.title)
            task.id = made and made["id"]
            if self._stopped.is_set() or not self._repeats:
                break
        return task

    def _change(self, task: Written, order: int) -> bool:
        task.orders.add(order)
        changed = self._send("PATCH", f"/{task.id}", {"order": order})
        if changed is not None:
            task.orders = {order}
        return changed is not None

    def _read(self, task: Written) -> bool:
        found = self._send("GET", f"/{task.id}")
        if found is not None and found["order"] not in task.orders:
            self._note(time.monotonic(), STALE)
        return found is not None

    def _trash(self, task: Written) -> None:
        task.trashed = None
        if self._send("DELETE", f"/{task.id}") is not None:
            task.trashed = True

    def _send(
        self, method: str, path: str, body: Any = None, key: str = "", *, owner: int | None = None
    ) -> Any:
        """What was answered, or None if that is no success."""
        if not self._may_send.is_set():
            self.is_resting = True
            self._may_send.wait()
            self.is_resting = False
        began = time.monotonic()
        try:
            address = f"/api/{owner or self._owner}/tasks{path}"
            status, content = self._exchange(method, address, body, key)
        except (OSError, HTTPException):
            self._connection.close()
            status, content = 0, {"code": CONNECTION_LOST}
        if 200 <= status < 300:
            self._note(began, OK)
            return content
        self._note(began, content["code"] if status in {0, 503} else str(status))
        self._stopped.wait(PAUSE)
        return None

    def _exchange(self, method: str, address: str, body: Any, key: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        headers |= {"Idempotency-Key": key} if key else {}
        self._connection.request(method, address, json.dumps(body) if body else None, headers)
        response = self._connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else {}

    def _note(self, began: float, verdict: str) -> None:
        self.answers.append(Answer(began, time.monotonic(), verdict))


class Load:
    """Clients at work on a few owners of their own."""

    def __init__(self, port: int, clients: int, first_owner: int, *, repeats: bool) -> None:
        self._stop = threading.Event()
        self._may_send = threading.Event()
        self._may_send.set()
        self.owners = [first_owner + number for number in range(min(OWNERS, clients))]
        self.clients = [
            Client(
                port,
                self.owners[number % len(self.owners)],
                self._stop,
                self._may_send,
                repeats=repeats,
                board=BOARDS + first_owner * 1_000 + number,
            )
            for number in range(clients)
        ]

    @property
    def answers(self) -> list[Answer]:
        return [answer for client in self.clients for answer in tuple(client.answers)]

    @property
    def tasks(self) -> list[Written]:
        return [task for client in self.clients for task in client.tasks]

    def verdicts(self) -> Counter[str]:
        return Counter(answer.verdict for answer in self.answers)

    def wait_for_success(self, since: float, times: int = 1) -> None:
        """Until each client was served so many times with requests that it began since then."""
        wait_until(lambda: all(_served(one, since, times) for one in self.clients), seconds=20)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nobody begins another request, and none is under way: connections are idle from here."""
        self._may_send.clear()
        wait_until(lambda: all(client.is_resting for client in self.clients), seconds=20)
        try:
            yield
        finally:
            self._may_send.set()

    @contextmanager
    def at_work(self, times: int) -> Iterator[None]:
        """From when each client was served so many times; in the end all have stopped."""
        began = time.monotonic()
        for client in self.clients:
            client.start()
        try:
            self.wait_for_success(began, times)
            yield
        finally:
            self._stop.set()
            for client in self.clients:
                client.join()


def _served(client: Client, since: float, times: int) -> bool:
    recent = client.answers[-4 * times :]
    return sum(answer.verdict == OK and answer.began >= since for answer in recent) >= times
