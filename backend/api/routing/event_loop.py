"""Handlers run on the event loop's thread: each in a greenlet, as many at a time as connections.

A handler is a plain function. While it waits for the database the event loop serves others
(`backend/database/waiting.py`). So whatever else blocks, or computes for longer than a
millisecond, must go through `run_in_thread`: on this thread it would stop everybody.
"""

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, get_type_hints

from fastapi import FastAPI, Response

from backend.services.of_owner import OwnerService

Handler = Callable[..., Response]


def on_event_loop(handler: Handler, app: FastAPI) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The handler as a coroutine function of the same signature."""

    service = _service_of(handler)

    @wraps(handler)
    async def run(**arguments: Any) -> Response:
        owner = arguments[service].owner if service is not None else None
        response: Response = await app.state.runtime.gates.in_database(
            owner, partial(handler, **arguments)
        )
        return response

    return run


def _service_of(handler: Handler) -> str | None:
    """The argument that is a service of an owner, if there is one."""
    for name, annotation in get_type_hints(handler).items():
        if isinstance(annotation, type) and issubclass(annotation, OwnerService):
            return name
    return None
