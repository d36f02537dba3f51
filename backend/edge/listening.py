"""The sockets that the server listens on, opened before anything else is started or printed."""

import errno
import socket
from collections.abc import Callable, Iterator

BACKLOG = 2048
"""Connections that may wait to be accepted."""

_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_ALL_IPV4, _ALL = "0.0.0.0", "::"  # noqa: S104
_USE = (
    f"set HOST=127.0.0.1 for this machine alone, HOST={_ALL_IPV4} for all networks, or HOST={_ALL} "
    "for all with IPv6 too"
)


class ListenError(SystemExit):
    """The port cannot be opened: one line that names the setting, and status 1."""


def _a_stranger(_: int) -> str:
    return "another program"


def listen(
    host: str, port: int, holder_of: Callable[[int], str] = _a_stranger
) -> list[socket.socket]:
    """Listen on every address of a host; `::` is all networks, IPv4 and IPv6.

    Raises ListenError; `holder_of` says who has a port that is taken. Who connects before the
    server runs waits in the backlog.
    """
    taken: list[socket.socket] = []
    failures: list[OSError] = []
    for family, address in _addresses(host, port):
        try:
            taken.append(_listening(family, address, both=host == _ALL))
        except OSError as error:
            failures.append(error)
    # A name may have an address of a family that this machine does not speak.
    grave = [error for error in failures if error.errno not in _ABSENT or not taken]
    if grave:
        for one in taken:
            one.close()
        raise ListenError(_reason(grave[0], port, holder_of)) from None
    return taken


def address_of(host: str, port: int) -> str:
    """The base URL for a browser on this machine."""
    if host in {_ALL, _ALL_IPV4}:
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _addresses(host: str, port: int) -> Iterator[tuple[int, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise ListenError(
            f"HOST is no address or name of this machine (another program may have set it): {_USE}"
        ) from None
    yield from dict.fromkeys((family, address) for family, _, _, _, address in found)


def _listening(family: int, address: tuple[object, ...], *, both: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _reason(error: OSError, port: int, holder_of: Callable[[int], str]) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else port - 1
        return f"PORT: {port} is in use by {holder_of(port)}: end it, or set PORT={other}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"PORT: {port} needs more rights than this account has: set one such as PORT=8000"
    if error.errno in _ABSENT:
        return f"HOST is no address of this machine (another program may have set it): {_USE}"
    return f"HOST and PORT: cannot listen there: {error.strerror}"
