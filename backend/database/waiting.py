"""How the driver waits: until a deadline of ours, while the event loop serves other requests.

psycopg2 asks us to wait for its socket (its manual: "Support for coroutine libraries"). Within a
greenlet the event loop waits, and serves others meanwhile; anywhere else the thread does.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from select import POLLIN, POLLOUT, poll
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback
from sqlalchemy.util.concurrency import await_, in_greenlet

Result = TypeVar("Result")

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class DeadlineExceededError(psycopg2.OperationalError):
    """The database did not answer in time; psycopg2 has closed the connection."""


class Deadline:
    """Bound everything that is waited for on the driver in this context, connecting too.

    `at` is of `time.monotonic()`; without an end it is infinite. Beyond it, DeadlineExceededError.
    """

    def __init__(self, at: float) -> None:
        self._at = at

    def __enter__(self) -> None:
        self._token = _deadline.set(self._at)

    def __exit__(self, *_: object) -> None:
        _deadline.reset(self._token)


def deadline_within(seconds: float) -> Deadline:
    """The same from now on, where the deadline around it is not nearer."""
    return Deadline(min(_deadline.get(), time.monotonic() + seconds))


def sleep(seconds: float) -> None:
    """Let time pass, for this request alone."""
    if in_greenlet():
        await_(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def run_in_thread(call: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Call what blocks, or computes for long, in a thread, so that the event loop serves others."""
    if in_greenlet():
        return await_(asyncio.to_thread(call, *arguments, **options))
    return call(*arguments, **options)


def _wait(connection: Any) -> None:
    """psycopg2's wait callback: until the answer is whole or the time is up."""
    at, has_begun = _deadline.get(), False
    while (state := connection.poll()) != POLL_OK:
        left = None if at == math.inf else max(0.0, at - time.monotonic())
        socket, to_read = connection.fileno(), state == POLL_READ
        if has_begun and _polled(socket, 0, to_read=to_read):
            is_ready = True  # the rest of a long answer follows at once
        elif in_greenlet():
            is_ready = await_(_ready(socket, left, to_read=to_read))
        else:
            is_ready = _polled(socket, left, to_read=to_read)
        if not is_ready:
            raise DeadlineExceededError("the deadline of the request is exceeded")
        has_begun = True


def _polled(socket: int, seconds: float | None, *, to_read: bool) -> bool:
    poller = poll()
    poller.register(socket, POLLIN if to_read else POLLOUT)
    return bool(poller.poll(None if seconds is None else seconds * 1000))


async def _ready(socket: int, seconds: float | None, *, to_read: bool) -> bool:
    loop = asyncio.get_running_loop()
    add, remove = (
        (loop.add_reader, loop.remove_reader) if to_read else (loop.add_writer, loop.remove_writer)
    )
    ready: asyncio.Future[bool] = loop.create_future()
    add(socket, _settle, ready, True)
    timer = loop.call_later(seconds, _settle, ready, False) if seconds is not None else None
    try:
        return await ready
    finally:
        remove(socket)
        if timer is not None:
            timer.cancel()


def _settle(ready: asyncio.Future[bool], result: bool) -> None:
    if not ready.done():
        ready.set_result(result)


def install_wait_callback() -> None:
    """Let psycopg2 wait like this in the whole process; without a deadline it waits for ever."""
    in_greenlet()  # loads greenlets now: later there may be no file left to open
    set_wait_callback(_wait)
