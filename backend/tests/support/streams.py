"""A client of the events, as a browser's EventSource reads them (WHATWG HTML, 9.2.6)."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.tests.support.api import Api


@dataclass
class Stream:
    """What has come so far; `last_id` is what it would resume with."""

    response: httpx.Response
    owner: object
    last_id: str = ""
    comments: list[str] = field(default_factory=list)
    retry: int = 0
    _events: "queue.Queue[tuple[str, Any] | None]" = field(default_factory=queue.Queue)

    def read(self) -> None:
        """Read to the end; in a thread of its own."""
        name, data = "message", ""
        try:
            for line in self.response.iter_lines():
                key, _, value = line.partition(": ")
                if not line:
                    if data:
                        self._events.put((name, json.loads(data)))
                    name, data = "message", ""
                elif key == "event":
                    name = value
                elif key == "data":
                    data += value
                elif key == "id":
                    self.last_id = value
                elif key == "retry":
                    self.retry = int(value)
                else:
                    assert not key, line
                    self.comments.append(value)
        except httpx.TransportError:
            pass  # it was ended, by the server or by the test
        finally:
            self._events.put(None)

    def leave(self) -> None:
        """Go away, which wakes whoever reads."""
        connection = self.response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):  # the server has closed it already
            connection.shutdown(socket.SHUT_RDWR)

    def next(self, seconds: float = 20) -> tuple[str, Any] | None:
        """The next event: its name and its data; None at the end."""
        return self._events.get(timeout=seconds)

    def changes(self, number: int) -> list[Any]:
        """The next changes."""
        found = []
        for _ in range(number):
            event = self.next()
            assert event is not None
            assert event[0] == "change"
            found.append(event[1])
        return found

    def is_quiet(self) -> bool:
        return self._events.empty()


@contextmanager
def streamed(api: Api, query: str = "", headers: Any = None) -> Iterator[Stream]:
    """An open stream of an owner, which has begun."""
    url = api.surface.under(api.owner, "events", query)
    with (
        httpx.Client(base_url=api.client.base_url, timeout=60) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        stream = Stream(response, api.owner)
        if response.status_code != 200:
            response.read()
            yield stream
            return
        reader = threading.Thread(target=stream.read, daemon=True)
        reader.start()
        try:
            yield stream
        finally:
            stream.leave()
            reader.join()
