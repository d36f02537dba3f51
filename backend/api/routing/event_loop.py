"""Handlers run on the event loop's thread: each in a greenlet, as many at a time as connections.

A handler is a plain function. While it waits for the database the event loop serves others
(`backend/database/waiting.py`). So whatever else blocks, or computes for longer than a
millisecond, must go through `run_in_thread`: on this thread it would stop everybody.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from fastapi import FastAPI, Response
from sqlalchemy.util.concurrency import greenlet_spawn

Handler = Callable[..., Response]


def on_event_loop(handler: Handler, app: FastAPI) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The handler as a coroutine function of the same signature."""

    @wraps(handler)
    async def run(**arguments: Any) -> Response:
        async with app.state.runtime.gates.connections:
            response: Response = await greenlet_spawn(handler, **arguments)
        return response

    return run
