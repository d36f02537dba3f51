"""Bounded places: who finds none soon is told to come back, and the others are served as ever."""

from asyncio import Semaphore, timeout
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import ProblemResponse
from backend.errors import Overloaded

LONGEST_WAIT = 2.0
"""Seconds in which a request gets a place, or its refusal."""

MOST_WAITING = 1024
OUTSIDE = "/health/"


class AdmissionMiddleware:
    """Lets `places` requests in at a time; a short line of others waits in front.

    A request is let in when its body is here: a slow client waits outside, and takes no place.
    """

    def __init__(self, app: ASGIApp, places: int) -> None:
        self.app = app
        self._places = Semaphore(places)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OUTSIDE):
            await self.app(scope, receive, send)
            return
        received = await _body(receive)
        if not await self._is_admitted():
            await ProblemResponse(Overloaded())(scope, receive, send)
            return
        try:
            await self.app(scope, _replay(received, receive), send)
        finally:
            self._places.release()

    async def _is_admitted(self) -> bool:
        if self._places.locked() and self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with timeout(LONGEST_WAIT):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1


async def _body(receive: Receive) -> deque[Message]:
    """All messages of the body; the limit of its size lies outside of this layer."""
    messages = deque([await receive()])
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replay(messages: deque[Message], receive: Receive) -> Receive:
    async def again() -> Message:
        return messages.popleft() if messages else await receive()

    return again
