"""The first lines of a request: its address, its host and the size of its headers."""

import re
from functools import lru_cache
from ipaddress import IPv6Address

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.config import Settings
from backend.edge.forwarded import Forwarding
from backend.edge.refusals import refuse
from backend.errors import AppError, HeadersTooLarge, InvalidRequest, UriTooLong

MAX_TARGET = UriTooLong.limit
"""Bytes of path and query together."""

MAX_HEADERS = 32_768
"""Bytes of all header lines together, as they were sent."""

HEALTH, METRICS = "/health/", "/metrics"
"""Probes come by address: they are answered whatever the host and however busy the service is."""

# A registered name as DNS has it, or an address (RFC 3986, 3.2.2): it stands in the `url` of tasks.
_LABEL = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rb"(?:%b(?:\.%b){0,126}\.?|\[([0-9A-Fa-f:.]{2,45})\])?(?::([0-9]{0,5}))?" % (_LABEL, _LABEL)
)
_PORT = re.compile(rb":[0-9]*$")
_ENCODED_SLASH = re.compile(rb"%2f", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def header(scope: Scope, name: bytes) -> bytes:
    """The first value of a header, whose name is in lower case (ASGI); empty if there is none."""
    for key, value in scope["headers"]:
        if key == name:
            sent: bytes = value
            return sent
    return b""


def is_probe(scope: Scope) -> bool:
    """Whether the request is a health check or a scrape, below whatever prefix."""
    path: str = scope["path"]
    root = len(scope.get("root_path", ""))
    return path.startswith(HEALTH, root) or path[root:] == METRICS


@lru_cache(maxsize=1024)
def is_host(value: bytes) -> bool:
    """Whether a Host header can be one (RFC 9110, 7.2): a name or an address, and a port."""
    match = _HOST.fullmatch(value)
    if match is None or int(match[2] or 0) > 65_535:
        return False
    try:
        return match[1] is None or bool(IPv6Address(match[1].decode()))
    except ValueError:
        return False


class HostRule:
    """The hosts that the service answers to: names, or `*.example.com` for all names below."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._takes_any = "*" in trusted
        names = [name.lower() for name in trusted]
        self._names = {name for name in names if not name.startswith("*.")}
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))

    def takes(self, host: bytes) -> bool:
        """Whether a Host header names one of them; the port and a final dot do not matter."""
        if self._takes_any:
            return True
        name = _PORT.sub(b"", host).decode("latin-1").lower().removesuffix(".")
        return name in self._names or name.endswith(self._suffixes)


class RequestHeadMiddleware:
    """Refuses an address or headers that are too long, an ambiguous or a foreign host."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._hosts = HostRule(settings.trusted_hosts)
        self._forwarding = Forwarding(settings.forwarded_allow_ips, settings.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                scope = self._checked(scope)
            except AppError as error:
                await refuse(error, scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _checked(self, scope: Scope) -> Scope:
        """The request with what a trusted proxy says of it; raises AppError for a bad head."""
        if len(scope["raw_path"]) + len(scope["query_string"]) >= MAX_TARGET:  # and the `?`
            raise UriTooLong
        # As they were sent: `name: value`, and the end of the line.
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
            raise HeadersTooLarge
        # NUL, and the newline that a route's `$` overlooks; one more spelling of `/`.
        if _CONTROL.search(scope["path"]) or _ENCODED_SLASH.search(scope["raw_path"]):
            raise InvalidRequest("The address contains a control character or an encoded slash.")
        hosts = _require_host(scope)
        forwarded = self._forwarding.applied(scope)
        if forwarded is not scope:
            hosts = _require_host(forwarded)
        if not (self._hosts.takes(hosts[0] if hosts else b"") or is_probe(forwarded)):
            raise InvalidRequest("The host of the request is not served here (TRUSTED_HOSTS).")
        return forwarded


def _require_host(scope: Scope) -> list[bytes]:
    """Exactly one host (RFC 9112, 3.2); HTTP/1.0 knew none. Raises InvalidRequest."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    is_one = len(hosts) == 1 or (not hosts and scope["http_version"] == "1.0")
    if not (is_one and all(map(is_host, hosts))):
        raise InvalidRequest("The request must have one Host header, with a valid host.")
    return hosts
