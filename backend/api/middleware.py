"""What happens around every request, from the outside in (see `add_middleware`)."""

import logging
import re
import time
from uuid import uuid4

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.admission import AdmissionMiddleware
from backend.api.errors import ProblemResponse, internal_problem, problem_for_status
from backend.api.security import SecurityHeadersMiddleware
from backend.config import Settings
from backend.errors import InvalidRequest
from backend.logs import request_id

EXPOSED = ("ETag", "Link", "Location", "X-Total-Count", "X-Request-ID", "Idempotent-Replayed")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_access = logging.getLogger("backend.access")


class RequestIdMiddleware:
    """Gives each request its id, the client's own if it is plain, and one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identity = given if _SAFE_ID.fullmatch(given) else str(uuid4())
        token, started, status = request_id.set(identity), time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identity
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            spent = (time.perf_counter() - started) * 1000
            _access.info("%s %s %d %.1f ms", scope["method"], scope["path"], status, spent)
            request_id.reset(token)


class ProblemMiddleware:
    """Turns a library's plain text (413, CORS, hosts) into a problem; its headers are kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= 400:
                headers = MutableHeaders(scope=message)
                replaced = headers.get("content-type", "").startswith("text/plain")
                if replaced:
                    _drop(headers, "content-")
                    if "access-control-allow-origin" not in headers:
                        _drop(headers, "access-control-")
                    problem = ProblemResponse(problem_for_status(message["status"]))
                    problem.raw_headers.extend(headers.raw)
                    await problem(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_problem if scope["type"] == "http" else send)


def _drop(headers: MutableHeaders, prefix: str) -> None:
    for name in {name for name in headers if name.startswith(prefix)}:
        del headers[name]


class InternalErrorMiddleware:
    """Answers for an unforeseen exception, inside of CORS and the request id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            _access.info("the client left before its body was read")
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await internal_problem(error)(scope, receive, send)


class AddressMiddleware:
    """Refuses control characters in a path: NUL, and the newline that a route's `$` overlooks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _CONTROL.search(scope["path"]):
            error = InvalidRequest("The address contains a control character.")
            await ProblemResponse(error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class HeadMiddleware:
    """Answers HEAD as GET, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_head)


def add_middleware(app: FastAPI, settings: Settings) -> None:
    """Wrap the application; the first is the outermost."""
    app.user_middleware[:] = [
        Middleware(SecurityHeadersMiddleware),
        Middleware(RequestIdMiddleware),
        Middleware(ProblemMiddleware),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        ),
        Middleware(TrustedHostMiddleware, settings.trusted_hosts, www_redirect=False),
        Middleware(AddressMiddleware),
        Middleware(InternalErrorMiddleware),
        Middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_bytes),
        Middleware(AdmissionMiddleware, settings.max_concurrency),
        Middleware(HeadMiddleware),
    ]
