"""Clients that follow the feed through every fault, and what they believe in the end."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any

from backend.tests.chaos.world import World

PAUSE = 0.02
LIVE = "SELECT id, revision FROM tasks WHERE user_id = %s AND deleted_at IS NULL"


class Follower(threading.Thread):
    """One owner's copy, kept up by `changes` alone, page by page, whatever fails in between."""

    def __init__(self, port: int, owner: int, stop: threading.Event) -> None:
        super().__init__()
        self.owner = owner
        self.tasks: dict[int, int] = {}
        """The revision of each live task, by its id."""
        self.faults: list[str] = []
        """What no fault of the database excuses."""
        self._since = 0
        self._url = ""
        self._stopped = stop
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def run(self) -> None:
        while not self._stopped.is_set():
            self._read()
            self._stopped.wait(PAUSE)

    def finish(self) -> dict[int, int]:
        """Read to the end, when all is well again: what it believes then."""
        while self._read() != "the end":
            assert len(self.faults) < 100, self.faults
        self._connection.close()
        return self.tasks

    def _read(self) -> str:
        """Take one page; where there is none, the next attempt begins at the same place."""
        url = self._url or f"/api/{self.owner}/tasks/changes?limit=5&since={self._since}"
        try:
            self._connection.request("GET", url)
            answer = self._connection.getresponse()
            page, link = json.loads(answer.read()), answer.headers.get("Link", "")
        except (OSError, HTTPException):
            self._connection.close()
            return "nothing"
        if answer.status != 200:
            if answer.status != 503:
                self.faults.append(f"{answer.status} {page}")
            return "nothing"
        self._take(page)
        self._url = link.partition(">")[0].removeprefix("<")
        return "more" if self._url else "the end"

    def _take(self, page: Any) -> None:
        for item in page["items"]:
            if item["revision"] <= self._since:
                self.faults.append(f"{item['revision']} after {self._since}")
            self._since = item["revision"]
            if item.get("deleted"):
                self.tasks.pop(item["id"], None)
            else:
                self.tasks[item["id"]] = item["revision"]
        self._since = page["revision"]


@contextmanager
def followed(port: int, owners: list[int]) -> Iterator[list[Follower]]:
    """A follower of each owner, for the block."""
    stop = threading.Event()
    followers = [Follower(port, owner, stop) for owner in owners]
    for one in followers:
        one.start()
    try:
        yield followers
    finally:
        stop.set()
        for one in followers:
            one.join()


def misled(world: World, followers: list[Follower]) -> int:
    """How many tasks they believe in otherwise than they are, and faults of the feed."""
    number = 0
    with world.below() as execute:
        for one in followers:
            believed, there = one.finish(), dict(execute(LIVE, one.owner))
            number += len(believed.items() ^ there.items()) + len(one.faults)
    return number
