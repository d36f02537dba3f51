"""A line to the database that can go dead without a word, and a database that sleeps."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GOODBYE = b"X\0\0\0\4"
"""What a client says before it closes (PostgreSQL's manual, "Message Formats": Terminate)."""


@dataclass(eq=False)
class _Link:
    """One connection, and whether what is sent on it still arrives."""

    client: socket.socket
    upstream: socket.socket
    is_alive: bool = True


@dataclass
class Line:
    """Forwards bytes both ways, until it is told to swallow those of the connections of now."""

    listening: Path
    server: str
    made: int = 0
    """Connections that reached the database."""
    unheard: set[_Link] = field(default_factory=set)
    """Of those that went dead last, the ones on which the client has said more than goodbye."""
    _links: list[_Link] = field(default_factory=list)
    _awake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._awake.set()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.listening))
        self._socket.listen(256)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def go_dead(self) -> None:
        """From now on nothing arrives on what is open, in either direction, and nobody is told."""
        self.unheard.clear()
        for link in tuple(self._links):
            link.is_alive = False

    def suspend(self) -> None:
        """Go dead; who connects from now on is accepted, and hears nothing until `wake`."""
        self._awake.clear()
        self.go_dead()

    def wake(self) -> None:
        self._awake.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._awake.wait()
        upstream = socket.socket(socket.AF_UNIX)
        try:
            upstream.connect(self.server)
        except OSError:  # the database is away
            upstream.close()
            client.close()
            return
        self.made += 1
        link = _Link(client, upstream)
        self._links.append(link)
        for ends in ((client, upstream), (upstream, client)):
            threading.Thread(target=self._pump, args=(link, *ends), daemon=True).start()

    def _pump(self, link: _Link, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if link.is_alive:
                    target.sendall(data)
                elif source is link.client and data != GOODBYE:
                    self.unheard.add(link)
        if link.is_alive or source is link.client:  # a dead line does not tell of an end, either
            with suppress(ValueError):
                self._links.remove(link)
            for one in (link.client, link.upstream):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
