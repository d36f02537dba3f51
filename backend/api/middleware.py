"""What happens around every request, from the outside in (see `add_middleware`)."""

import logging
import re
import time
from collections.abc import Collection
from uuid import uuid4

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.admission import AdmissionMiddleware
from backend.api.error_handlers import ProblemResponse, internal_problem, problem_for_status
from backend.api.headers import header
from backend.api.security import secured
from backend.config import Settings
from backend.errors import AppError, HeadersTooLarge, InvalidRequest, UriTooLong
from backend.observability.logs import request_id

EXPOSED = ("ETag", "Link", "Location", "X-Total-Count", "X-Request-ID", "Idempotent-Replayed")
MAX_TARGET = 8192
MAX_HEADERS = 32_768
_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# A registered name as DNS has it, or an address (RFC 3986, 3.2.2): it stands in the `url` of tasks.
_LABEL = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rb"(?:%b(?:\.%b){0,126}\.?|\[[0-9A-Fa-f:.]{2,45}\])?(?::[0-9]{0,5})?" % (_LABEL, _LABEL)
)
_ENCODED_SLASH = re.compile(rb"%2f", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
access_log = logging.getLogger("backend.access")


class EnvelopeMiddleware:
    """Gives each answer an id, the client's own if it is plain, the safe headers, a log line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        identity = given if _SAFE_ID.fullmatch(given) else str(uuid4()).encode()
        token, started, status = request_id.set(identity.decode()), time.perf_counter(), 0

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = secured(scope["method"], message["headers"])
                message = {**message, "headers": [*headers, (b"x-request-id", identity)]}
            await send(message)

        try:
            await self.app(scope, receive, send_enveloped)
        finally:
            if access_log.isEnabledFor(logging.INFO):
                spent = (time.perf_counter() - started) * 1000
                path = scope["path"].replace(" ", "%20")  # or it would pass for what is behind it
                access_log.info("%s %s %d %.1f ms", scope["method"], path, status, spent)
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
            access_log.info("the client left before its body was read")
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await internal_problem(error)(scope, receive, send)


def _refusal(scope: Scope) -> AppError | None:
    """What is wrong with the head of a request, if anything is."""
    if len(scope["raw_path"]) + len(scope["query_string"]) >= MAX_TARGET:  # and the `?`
        return UriTooLong()
    # As they were sent: `name: value`, and the end of the line.
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
        return HeadersTooLarge()
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    # RFC 9112, 3.2: exactly one; HTTP/1.0 knew none.
    is_one = len(hosts) == 1 or (not hosts and scope["http_version"] == "1.0")
    if not (is_one and all(map(_HOST.fullmatch, hosts))):
        return InvalidRequest("The request must name one host, which could be one.")
    # NUL, and the newline that a route's `$` overlooks; one more spelling of `/`.
    if _CONTROL.search(scope["path"]) or _ENCODED_SLASH.search(scope["raw_path"]):
        return InvalidRequest("The address contains a control character or an encoded slash.")
    return None


class CrossOriginMiddleware(CORSMiddleware):
    """Costs nothing where no origin is named."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_concerned = scope["type"] == "http" and header(scope, b"origin")
        await (super().__call__ if is_concerned else self.app)(scope, receive, send)


class RequestHeadMiddleware:
    """Refuses an address or headers that are too long, an ambiguous host, control characters."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = _refusal(scope) if scope["type"] == "http" else None
        await (ProblemResponse(error) if error else self.app)(scope, receive, send)


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


def cross_origin(origin: str, allowed: Collection[str]) -> list[tuple[bytes, bytes]]:
    """What CORSMiddleware would add to the answer to this origin, where it cannot be asked."""
    if "*" in allowed:
        return [(b"access-control-allow-origin", b"*")]
    vary = [(b"vary", b"Origin")]
    return [(b"access-control-allow-origin", origin.encode()), *vary] if origin in allowed else vary


def add_middleware(app: FastAPI, settings: Settings) -> None:
    """Wrap the application; the first is the outermost."""
    hosts = [Middleware(TrustedHostMiddleware, settings.trusted_hosts, www_redirect=False)]
    app.user_middleware[:] = [
        Middleware(EnvelopeMiddleware),
        Middleware(ProblemMiddleware),
        Middleware(
            CrossOriginMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        ),
        *(hosts if "*" not in settings.trusted_hosts else ()),
        Middleware(RequestHeadMiddleware),
        Middleware(InternalErrorMiddleware),
        Middleware(AdmissionMiddleware, settings.places, settings.max_body_bytes),
        Middleware(HeadMiddleware),
    ]
