"""Limits on the requests that are processed at a time, and on the bytes of their bodies."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.config import Settings
from backend.edge.refusals import refuse
from backend.edge.request_head import header, is_probe
from backend.errors import Overloaded
from backend.observability.incidents import report_once
from backend.observability.metrics import WAITING
from backend.patience import Patience, Places, never
from backend.shares import current_slot

MAX_WAITING = 1024
"""Requests that may wait for a slot at a time."""

SMALL_BODY = 65_536
"""Bytes. A task has about 50,000 at most."""


class Slots:
    """At most `number` requests at a time; a bounded queue of others waits for a slot."""

    def __init__(self, number: int, patience: Patience) -> None:
        self._places = Places(number, patience)
        self._patience = patience

    async def acquire(self) -> None:
        """Take a slot; raises Overloaded if none is free in time, or the queue is full."""
        if self._places.take():
            return
        if len(self._places.line) >= MAX_WAITING:
            report_once(f"overloaded: {MAX_WAITING} requests wait already")
            raise Overloaded
        WAITING.add(1, "slot")
        try:
            await self._places.wait()
        except TimeoutError:
            seconds = f"{self._patience.max_wait:g} s"
            report_once(f"overloaded: no slot was free for {seconds} (MAX_CONCURRENCY)")
            raise Overloaded from None
        finally:
            WAITING.add(-1, "slot")

    def release(self) -> None:
        self._places.give_back()


class Buffer:
    """The bytes of all bodies that the process holds.

    A quarter is reserved for small bodies, so that large uploads cannot keep a task from being
    created.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    def hold(self, size: int, held: int) -> None:
        """Count bytes that have arrived for a request that has `held` some already; raises
        Overloaded where they are too many.
        """
        is_small = held + size <= SMALL_BODY
        if self._held + size > (self._limit if is_small else self._limit * 3 // 4):
            report_once("overloaded: MAX_BUFFERED_BYTES of bodies are held already")
            raise Overloaded("The service holds as many bytes of bodies as it can. Try again.")
        self._held += size

    def release(self, size: int) -> None:
        self._held -= size


class Admission:
    """One request. It takes a slot when its body has arrived, and keeps it until its answer starts.

    So a client that sends or reads slowly holds no slot while others wait.
    """

    def __init__(
        self, slots: Slots, buffer: Buffer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._slots = slots
        self._buffer = buffer
        self._scope = scope
        self._receive = receive
        self._send = send
        self._has_slot = False
        self._held = 0

    async def enter(self) -> None:
        """Take a slot, unless it has one; raises Overloaded."""
        if not self._has_slot:
            # REQUEST_TIMEOUT counts from here: the wait for a slot is part of it.
            self._scope.setdefault("state", {})["waits_since"] = time.monotonic()
            await self._slots.acquire()
            self._has_slot = True

    async def receive(self) -> Message:
        """The next part of the body; with the last one, a slot is taken."""
        message = await self._receive()
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self._buffer.hold(size, self._held)
            self._held += size
            if not message.get("more_body", False):
                await self.enter()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer; the slot is no longer needed by then."""
        self.leave()
        await self._send(message)

    def step_out(self) -> None:
        """Give the slot back, for a time."""
        if self._has_slot:
            self._slots.release()
            self._has_slot = False

    def leave(self) -> None:
        """Give back what the request holds."""
        self.step_out()
        self._buffer.release(self._held)
        self._held = 0


class AdmissionMiddleware:
    """Admits a bounded number of requests and of bytes; the others get 503."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        last_connecting: Callable[[], float] = never,
    ) -> None:
        self.app = app
        waits = settings.admission_timeout, settings.request_timeout
        self._slots = Slots(settings.slots, Patience(*waits, last_connecting))
        self._buffer = Buffer(settings.max_buffered_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_probe(scope):
            await self.app(scope, receive, send)
            return
        request = Admission(self._slots, self._buffer, scope, receive, send)
        token = current_slot.set(request)
        try:
            if not _has_body(scope):
                await request.enter()
            await self.app(scope, request.receive, request.send)
        except Overloaded as error:
            await refuse(error, scope, receive, send)
        finally:
            request.leave()
            current_slot.reset(token)


def _has_body(scope: Scope) -> bool:
    """Whether a body follows the head (RFC 9112, 6.3)."""
    is_counted = header(scope, b"content-length").strip(b"0") != b""
    return is_counted or header(scope, b"transfer-encoding") != b""
