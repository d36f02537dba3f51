"""HTTP/1.1 as uvicorn reads it, with deadlines: slow, silent and broken clients are let go."""

import re
from asyncio import AbstractEventLoop, TimerHandle
from enum import Enum, auto
from typing import Any, ClassVar
from uuid import uuid4

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from backend.config import Settings
from backend.edge.answering import AnsweringProtocol, UnsentAnswers, cancel
from backend.edge.cors import cors_headers
from backend.edge.origins import OriginRule
from backend.edge.reading import TurnBudget
from backend.edge.refusals import refusal
from backend.edge.request_head import MAX_TARGET
from backend.edge.request_log import access_log
from backend.edge.security_headers import secured
from backend.errors import AppError, HeadersTooLarge, InvalidRequest, Overloaded, UriTooLong
from backend.observability.cells import OTHER
from backend.observability.incidents import report_once
from backend.observability.logs import request_id
from backend.observability.metrics import REQUESTS

MAX_HEAD = 65_536
"""Bytes of a head. The application itself refuses shorter ones that are still too long."""

MAX_PIPELINED = 16
"""Requests that one connection may send ahead of their answers (RFC 9112, 9.3.2)."""

LINGER = 1.0
"""Seconds that a refused client has to read why."""

_VERSIONS = ("1.0", "1.1")
_ORIGIN = re.compile(rb"\r\norigin:[ \t]*([^\r\n]*)", re.IGNORECASE)


class Part(Enum):
    """What is due on a connection."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class GuardedProtocol(AnsweringProtocol):
    """Head and body must each arrive within CLIENT_TIMEOUT; a refusal is a problem+json.

    uvicorn makes one for each connection, of the class that `protocol_for` returns.
    """

    origins: ClassVar[OriginRule]
    turn: ClassVar[TurnBudget]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._timeout = self.settings.client_timeout
        self._due = Part.HEAD
        self._step = 0
        self._unused = 0  # bytes read since the parser last completed something
        self._read = b""
        self._refused = False
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await(self._timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        cancel(self._deadline)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        if self._due is Part.NOTHING:
            self._pass_to(Part.HEAD)
            self._await(self._timeout)
        self._unused += len(data)
        self._read = data
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        step = self._step
        try:
            self.parser.feed_data(data)
            self._take_stock(step)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError:
            is_long = len(self.url or b"") > MAX_TARGET  # uvicorn's own parser takes 64 KiB
            invalid = InvalidRequest("The request is not HTTP/1.1 as this service reads it.")
            self._refuse(UriTooLong() if is_long else invalid)

    def _take_stock(self, step: int) -> None:
        """Restart the timeout when a part is complete; refuse a head that is too long."""
        if self._unused > MAX_HEAD:
            long_target = self._due is Part.HEAD and not self.headers
            self._refuse(UriTooLong() if long_target else HeadersTooLarge())
        elif self._step > step:
            self._await(self._timeout if self._due is not Part.NOTHING else None)

    def _decline(self, rest: bytes) -> None:
        """Read the request without its offer of another protocol (RFC 9110, 7.8).

        The parser leaves the body to that protocol: a client that offers h2c with a POST lost it.
        """
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._feed(b"".join([*head, b"\r\n", rest]))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._due, self._unused = Part.HEAD, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._due is Part.HEAD:  # a trailer is no header (RFC 9110, 6.5.1)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._require_framing()
        if not self.parser.should_upgrade():
            super().on_headers_complete()
            self._pass_to(Part.BODY)

    def _require_framing(self) -> None:
        """Raise ValueError for too many at once, or what others may read otherwise (RFC 9112, 6).

        The parser itself refuses Content-Length beside Transfer-Encoding, or twice.
        """
        if self.parser.get_http_version() not in _VERSIONS or len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        framed = self.parser.get_http_version() == "1.1" and codings == [b"chunked"]
        if self.parser.get_method() == b"CONNECT" or (codings and not framed):
            raise ValueError

    def on_body(self, body: bytes) -> None:
        self._unused = 0
        if self._refused:
            return
        if self.turn.takes(len(body), self.loop):
            super().on_body(body)
        else:
            report_once("overloaded: MAX_BUFFERED_BYTES of bodies arrive at once")
            self._refuse(Overloaded())

    def on_response_complete(self) -> None:
        if self.cycle.response_complete:
            self.cycle.body.clear()  # what was refused unread would stay as long as the connection
        super().on_response_complete()

    def on_message_complete(self) -> None:
        if self._due is Part.BODY:  # else another protocol was offered, and is declined
            super().on_message_complete()
            self._pass_to(Part.NOTHING)

    def _pass_to(self, part: Part) -> None:
        self._due, self._unused = part, 0
        self._step += 1

    def _await(self, seconds: float | None) -> None:
        cancel(self._deadline)
        late = self._on_late
        self._deadline = self.loop.call_later(seconds, late) if seconds is not None else None

    def _on_late(self) -> None:
        if self._due is Part.BODY and (self.pipeline or self.flow.read_paused):
            # The delay is ours: an earlier answer is under way, or this body was not asked for.
            self._await(self._timeout)
        elif self._due is Part.HEAD and self._answering() and not self._refused:
            self.cycle.keep_alive = False  # the answer that is under way ends the connection
        else:
            self.transport.close()

    def _answering(self) -> bool:
        # None before the first request, whatever its type says.
        return bool(self.cycle) and not self.cycle.response_complete

    def _refuse(self, error: AppError) -> None:
        """Send the refusal, unless it could be taken for the answer to another request."""
        self._refused = True
        if self._due is not Part.BODY and self._answering():
            self.cycle.keep_alive = False
        elif self._due is Part.BODY and (self.cycle.response_started or self.pipeline):
            self.transport.close()
        else:
            self._send(error)
            if self._due is Part.BODY:  # the application is told that the client has left
                self.cycle.disconnected = True
                self.cycle.message_event.set()

    def _send(self, error: AppError) -> None:
        """Send the problem, and close later: at once, it could be lost (RFC 9112, 9.6)."""
        identity = str(uuid4())
        token = request_id.set(identity)
        answer = refusal(error)
        answer.headers.update({"X-Request-ID": identity, "Connection": "close"})
        access_log.info("refused before it was a request: %d", error.status)
        request_id.reset(token)
        REQUESTS.count(OTHER, OTHER, error.status, 0.0)
        origin = _ORIGIN.search(self._read)  # the parser may not have come so far
        text = origin[1].decode("latin-1") if origin else ""
        shared = cors_headers(text, self.origins)
        own = self.server_state.default_headers
        headers = secured("GET", [*own, *answer.raw_headers, *shared])
        lines = [STATUS_LINE[error.status], *(b"%b: %b\r\n" % header for header in headers)]
        body = b"" if self._is_head() else bytes(answer.body)
        self.transport.write(b"".join([*lines, b"\r\n", body]))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._await(LINGER)

    def _is_head(self) -> bool:
        """Whether what is refused is a HEAD, whose answer has no body (RFC 9110, 9.3.2)."""
        is_read = bool(self.url) and self.parser.get_method() == b"HEAD"
        return is_read or self._read.startswith(b"HEAD ")


def protocol_for(settings: Settings) -> type[GuardedProtocol]:
    """The protocol with these settings."""
    members = {
        "settings": settings,
        "origins": OriginRule(settings.cors_origins),
        "turn": TurnBudget(settings.max_buffered_bytes // 4),
        "unsent_answers": UnsentAnswers(settings.max_unsent_bytes),
    }
    return type("GuardedProtocol", (GuardedProtocol,), members)
