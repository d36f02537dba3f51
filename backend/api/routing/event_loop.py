"""Handlers run on the event loop's thread: each in a greenlet, as many at a time as connections.

A handler is a plain function. While it waits for the database the event loop serves others
(`backend/database/waiting.py`). So whatever else blocks, or computes for longer than a
millisecond, must go through `run_in_thread`: on this thread it would stop everybody.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, get_type_hints

from fastapi import FastAPI, Response
from sqlalchemy.util.concurrency import greenlet_spawn

from backend.services.batch import BatchService
from backend.services.changes import ChangeService
from backend.services.lists import ListService
from backend.services.summary import SummaryService
from backend.services.tasks import TaskService

Handler = Callable[..., Response]
_SERVICES = {TaskService, ListService, ChangeService, BatchService, SummaryService}


def on_event_loop(handler: Handler, app: FastAPI) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The handler as a coroutine function of the same signature."""

    service = _service_of(handler)

    async def in_database(arguments: dict[str, Any]) -> Response:
        async with app.state.runtime.gates.connections:
            response: Response = await greenlet_spawn(handler, **arguments)
        return response

    @wraps(handler)
    async def run(**arguments: Any) -> Response:
        if service is None:
            return await in_database(arguments)
        shares, owner = app.state.runtime.gates.shares, arguments[service].owner
        await shares.take(owner)
        try:
            return await in_database(arguments)
        finally:
            shares.give_back(owner)

    return run


def _service_of(handler: Handler) -> str | None:
    """The argument that knows whose tasks these are."""
    for name, annotation in get_type_hints(handler).items():
        if annotation in _SERVICES:
            return name
    return None
