"""What every answer gets, and what every request leaves: a line in the log, and its numbers."""

import logging
import re
import time
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.edge.request_head import header
from backend.edge.security_headers import secured
from backend.observability.cells import OTHER
from backend.observability.logs import request_id, request_scope
from backend.observability.metrics import IN_FLIGHT, REQUESTS

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
access_log = logging.getLogger("backend.access")


class EnvelopeMiddleware:
    """Gives each answer a request id, the client's own if it is plain, and security headers.

    One layer for the id, the headers, the log line and the numbers: each layer costs every request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        identity = given if _SAFE_ID.fullmatch(given) else str(uuid4()).encode()
        # Where those further in say what they find out: its route and its owner.
        scope.setdefault("state", {})
        token, about = request_id.set(identity.decode()), request_scope.set(scope)
        started, status = time.perf_counter(), 0

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = secured(scope["method"], message["headers"])
                message = {**message, "headers": [*headers, (b"x-request-id", identity)]}
                _count(scope, status, started)
            await send(message)

        IN_FLIGHT.add(1)
        try:
            await self.app(scope, receive, send_enveloped)
        finally:
            if status == 0:
                _count(scope, status, started)
            if access_log.isEnabledFor(logging.INFO):
                spent = (time.perf_counter() - started) * 1000
                path = scope["path"].replace(" ", "%20")  # or it would pass for what is behind it
                access_log.info("%s %s %d %.1f ms", scope["method"], path, status, spent)
            request_id.reset(token)
            request_scope.reset(about)


def _count(scope: Scope, status: int, started: float) -> None:
    """The answer begins, or there is none: a stream may go on for hours."""
    IN_FLIGHT.add(-1)
    route = scope["state"].get("route", OTHER)
    REQUESTS.count(route, scope["method"], status, time.perf_counter() - started)
