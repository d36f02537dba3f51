"""Whole bodies and bounded places: who finds no place soon is told to come back."""

from asyncio import Semaphore, timeout
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.error_handlers import ProblemResponse
from backend.api.headers import header
from backend.errors import Overloaded, PayloadTooLarge

LONGEST_WAIT = 2.0
"""Seconds in which a request gets a place, or its refusal."""

MOST_WAITING = 1024
OUTSIDE = "/health/"


class AdmissionMiddleware:
    """Lets `places` requests in at a time; a short line of others waits in front.

    A request is let in when its body is here, of `limit` bytes at most: a slow client waits
    outside, and takes no place.
    """

    def __init__(self, app: ASGIApp, places: int, limit: int) -> None:
        self.app = app
        self._places = Semaphore(places)
        self._limit = limit
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = await self._body(scope, receive)
        if received is None:
            await ProblemResponse(PayloadTooLarge())(scope, receive, send)
        elif scope["path"].startswith(OUTSIDE):
            await self.app(scope, _replay(received, receive), send)
        elif await self._is_admitted():
            try:
                await self.app(scope, _replay(received, receive), send)
            finally:
                self._places.release()
        else:
            await ProblemResponse(Overloaded())(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> deque[Message] | None:
        """All messages of the body, or None if it is too long: by what it says before it is read.

        Whoever lets the body in reads it, so the limit is here and not in Starlette's middleware.
        """
        declared = header(scope, b"content-length")
        if declared.isdigit() and int(declared) > self._limit:
            return None
        messages: deque[Message] = deque()
        size, more = 0, True
        while more:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            if size > self._limit:
                return None
            more = messages[-1].get("more_body", False)
        return messages

    async def _is_admitted(self) -> bool:
        if not self._places.locked():
            return await self._places.acquire()  # at once
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with timeout(LONGEST_WAIT):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1


def _replay(messages: deque[Message], receive: Receive) -> Receive:
    async def again() -> Message:
        return messages.popleft() if messages else await receive()

    return again
