"""A proxy before the database that counts what a client waits for: its round trips."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy.engine import URL

WAITED_FOR = {b"Q", b"S", b"H"}
"""Query, Sync and Flush: the client's messages that ask for an answer."""


class Proxy:
    """Forwards bytes both ways and counts the round trips of all connections."""

    def __init__(self, listening: Path, server: str) -> None:
        self.round_trips = 0
        self.connections = 0
        self._server = server
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(listening))
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self.connections += 1
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(self._server)
                for pump in (self._requests, self._answers):
                    threading.Thread(target=pump, args=(client, upstream), daemon=True).start()

    def _requests(self, client: socket.socket, upstream: socket.socket) -> None:
        """Message by message: the first has no type, the others a byte; then their length."""
        stream = client.makefile("rb")
        kind = b""
        while header := stream.read(4):
            body = stream.read(struct.unpack("!I", header)[0] - 4)
            self.round_trips += kind in WAITED_FOR
            with suppress(OSError):
                upstream.sendall(kind + header + body)
            kind = stream.read(1)
        stream.close()
        client.close()
        with suppress(OSError):
            upstream.shutdown(socket.SHUT_RDWR)

    def _answers(self, client: socket.socket, upstream: socket.socket) -> None:
        with suppress(OSError):
            while data := upstream.recv(65536):
                client.sendall(data)
        upstream.close()
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


class _Closable(Protocol):
    def close(self) -> None: ...


AnyProxy = TypeVar("AnyProxy", bound=_Closable)


@contextmanager
def proxied(
    url: URL, folder: Path, kind: Callable[[Path, str], AnyProxy]
) -> Iterator[tuple[URL, AnyProxy]]:
    """The address of the same database through a proxy, which is told both of its sockets."""
    host, port = url.query["host"], url.query.get("port", "5432")
    name = f".s.PGSQL.{port}"
    with closing(kind(folder / name, f"{host}/{name}")) as proxy:
        yield url.update_query_dict({"host": str(folder)}), proxy
