"""What a proxy says about the request that it took: scheme, host, path prefix and client.

uvicorn's own middleware knows neither host nor prefix, and changes the peer before we could look
at it: it is switched off. `Forwarded` (RFC 7239) is not read: no common proxy writes it, and all
pass on a client's own.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from starlette.types import Scope

from backend.errors import InvalidRequest

FIRST_SEGMENTS = ("/api/", "/health/", "/docs", "/openapi.json", "/metrics")
"""What all addresses of the service begin with: so a prefix that is left in a path is found."""

_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_PORT = re.compile(r"(?<=\]):[0-9]+$|^([^:]*):[0-9]+$")


class TrustedProxies:
    """The addresses and networks whose `X-Forwarded-*` headers are believed."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self.all = "*" in trusted
        self._networks = [ip_network(one, strict=False) for one in trusted if one != "*"]
        self.include = lru_cache(maxsize=1024)(self._include)

    def _include(self, address: str) -> bool:
        """Whether this is one of them; a port does not matter."""
        if self.all:
            return True
        parsed = _parsed(_without_port(address))
        return parsed is not None and any(parsed in network for network in self._networks)

    def hops(self, peer: str, addresses: list[str]) -> int:
        """How many proxies in a row are trusted, from the nearest on, which is the peer itself.

        Each proxy adds the address it was asked from at the end of `X-Forwarded-For`.
        """
        hops = 0
        for address in (peer, *reversed(addresses)):
            if not self.include(address):
                break
            hops += 1
        return hops


def _without_port(address: str) -> str:
    return _PORT.sub(r"\1", address).strip("[]")


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed  # ::ffff:127.0.0.1, where one socket listens for both


class Forwarding:
    """Reads the headers of trusted proxies; those of anybody else have no effect."""

    def __init__(self, trusted: tuple[str, ...], public_url: str | None) -> None:
        self._proxies = TrustedProxies(trusted)
        self._prefix = unquote(urlsplit(public_url or "").path)

    def applied(self, scope: Scope) -> Scope:
        """The request as its sender made it. Raises InvalidRequest for a malformed prefix.

        `path` then begins with `root_path`, as ASGI has it, whether or not the proxy removed it.
        """
        root = scope.get("root_path", "")
        prefix = self._prefix or root
        sent = [header for header in scope["headers"] if header[0].startswith(b"x-forwarded-")]
        if sent:
            scope, forwarded_prefix = self._read(scope, sent)
            prefix = forwarded_prefix or prefix
        if not (prefix or root):
            return scope
        path: str = scope["path"]
        if root and path.startswith(f"{root}/"):
            path = path[len(root) :]  # put in front by the server, as ASGI has it
        return {**scope, "root_path": prefix, "path": prefix + _without(prefix, path)}

    def _read(self, scope: Scope, sent: list[tuple[bytes, bytes]]) -> tuple[Scope, str]:
        """The request with what the proxies say, and their prefix."""
        peer = (scope.get("client") or ("",))[0]
        addresses = _values(sent, b"x-forwarded-for")
        hops = self._proxies.hops(peer, addresses)
        if hops == 0:
            return scope, ""
        client, scheme, host = (
            _outermost(values, hops)
            for values in (
                addresses,
                _values(sent, b"x-forwarded-proto"),
                _values(sent, b"x-forwarded-host"),
            )
        )
        scope = {**scope, "scheme": _SCHEMES.get(scheme.lower(), scope["scheme"])}
        if client:
            scope["client"] = (_without_port(client), 0)
        if host:
            others = [header for header in scope["headers"] if header[0] != b"host"]
            scope["headers"] = [*others, (b"host", host.encode("latin-1"))]
        return scope, _joined(_values(sent, b"x-forwarded-prefix")[-hops:])


def _values(sent: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """All values of a header, on one line or several (RFC 9110, 5.3)."""
    lines = [value.decode("latin-1") for key, value in sent if key == name]
    return [part.strip() for part in ",".join(lines).split(",") if part.strip()]


def _outermost(values: list[str], hops: int) -> str:
    """What the first trusted proxy said; the client may have made up what is left of it."""
    return values[-min(hops, len(values))] if values else ""


def _joined(prefixes: list[str]) -> str:
    """The prefixes that one proxy after the other took away."""
    prefix = "".join(prefix.rstrip("/") for prefix in prefixes)
    if not _PREFIX.fullmatch(prefix):
        raise InvalidRequest("X-Forwarded-Prefix must be a path like /tasks-service.")
    return prefix


def _without(prefix: str, path: str) -> str:
    """The path below the prefix; what was cut already may begin with `/api`, as prefixes do."""
    if not f"{path}/".startswith(f"{prefix}/"):
        return path
    rest = path[len(prefix) :] or "/"
    is_page = path in FIRST_SEGMENTS and not path.endswith("/")  # /docs, which may be a prefix, too
    is_left = rest.startswith(FIRST_SEGMENTS) or (rest == "/" and not is_page)
    return rest if is_left else path
