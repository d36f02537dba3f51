"""How long the driver may wait, kept on our side: a frozen server keeps no promise."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

_EVENTS = {POLL_READ: POLLIN}
_thread = threading.local()


class DeadlineExceededError(psycopg2.OperationalError):
    """The database did not answer in time; psycopg2 has closed the connection."""


@contextmanager
def deadline(at: float) -> Iterator[None]:
    """Bound everything that this thread waits for on the driver, connecting too.

    `at` is of `time.monotonic()`. Beyond it, DeadlineExceededError.
    """
    _thread.at = at
    try:
        yield
    finally:
        _thread.at = None


def _wait(connection: Any) -> None:
    """psycopg2's wait callback: poll the socket until the answer is whole or the time is up."""
    at = getattr(_thread, "at", None)
    while (state := connection.poll()) != POLL_OK:
        poller = poll()
        poller.register(connection.fileno(), _EVENTS.get(state, POLLOUT))
        left = None if at is None else max(0.0, at - time.monotonic()) * 1000
        if not poller.poll(left):
            raise DeadlineExceededError("the deadline of the request is exceeded")


def enforce_deadlines() -> None:
    """Let psycopg2 wait as above, in the whole process; without a deadline it waits for ever."""
    set_wait_callback(_wait)
