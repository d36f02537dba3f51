"""Changes as they happen, as Server-Sent Events.

The only handler that is a coroutine: it waits for as long as its client stays, and holds no slot.
"""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent

from backend.api.dependencies import Followed
from backend.api.openapi.responses import STREAMED
from backend.events.subscribers import Event

RETRY = 2000
"""Milliseconds after which a browser connects again."""

_EXPIRED = ServerSentEvent(event="expired", raw_data='{"code":"cursor_expired"}')


def _told(event: Event) -> ServerSentEvent:
    if event.expired:
        return _EXPIRED
    kind = "change" if event.change is not None else None
    return ServerSentEvent(event=kind, raw_data=event.change, id=str(event.revision))


async def stream_changes(events: Followed) -> AsyncIterator[ServerSentEvent]:
    """What changes from now on, or since a revision, as Server-Sent Events."""
    yield ServerSentEvent(comment="connected", retry=RETRY)
    async for event in events:
        yield _told(event)


def add_events(router: APIRouter, tag: str) -> None:
    """Add the stream to a surface."""
    router.add_api_route(
        "/events",
        stream_changes,
        methods=["GET"],
        tags=[tag],
        response_class=EventSourceResponse,
        responses=STREAMED,
    )
