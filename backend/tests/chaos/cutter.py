"""A proxy before the database that cuts a connection at a message of one's choice."""

import socket
import struct
import threading
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import BinaryIO


class _Step(Enum):
    PASS = 0
    CUT_BEFORE = 1
    CUT_AFTER = 2


class Cutter:
    """Forwards message by message, counts them both ways, and cuts where it was told to."""

    def __init__(self, listening: Path, server: str) -> None:
        self.messages = 0
        self.idle = threading.Event()
        """Set while no cut connection has a backend that is still at work."""
        self.idle.set()
        self.overtaken = False
        """Whether the client sent one message more before it could notice the last cut."""
        self._cut_at = 0
        self._cut = _Step.PASS
        self._server = server
        self._lock = threading.Lock()
        self._clients: set[socket.socket] = set()
        self._severed: set[socket.socket] = set()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(listening))
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def arm(self, number: int, *, after: bool) -> None:
        """Count from here, and cut before or after the message of this number, from 1."""
        with self._lock:
            self.messages, self._cut_at, self.overtaken = 0, number, False
            self._cut = _Step.CUT_AFTER if after else _Step.CUT_BEFORE

    def count(self) -> None:
        """Count from here, and cut nothing."""
        self.arm(0, after=False)

    def drop(self) -> None:
        """Close what is open, so that the next request must connect."""
        for client in tuple(self._clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.idle.wait(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._socket.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        upstream = socket.socket(socket.AF_UNIX)
        try:
            upstream.connect(self._server)
        except OSError:  # the database is away
            upstream.close()
            client.close()
            return
        self._clients.add(client)
        for pump in (self._requests, self._answers):
            threading.Thread(target=pump, args=(client, upstream), daemon=True).start()

    def _step(self) -> _Step:
        with self._lock:
            self.messages += 1
            return self._cut if self.messages == self._cut_at else _Step.PASS

    def _requests(self, client: socket.socket, upstream: socket.socket) -> None:
        with client.makefile("rb") as stream:
            self._pump(stream, upstream, client, is_typed=False)
        with suppress(OSError):
            upstream.shutdown(socket.SHUT_WR)  # the backend ends what it has begun

    def _answers(self, client: socket.socket, upstream: socket.socket) -> None:
        with upstream.makefile("rb") as stream:
            self._pump(stream, client, client, is_typed=True)
            self.idle.clear()
            stream.read()  # until the backend is gone: then what it wrote is to be seen
        self._clients.discard(client)
        self._severed.discard(client)
        upstream.close()
        client.close()
        self.idle.set()

    def _pump(
        self, stream: BinaryIO, target: socket.socket, client: socket.socket, *, is_typed: bool
    ) -> None:
        with suppress(OSError):
            while message := _read(stream, is_typed=is_typed):
                is_typed = True
                if client in self._severed:
                    self.overtaken = self.overtaken or target is not client
                    break
                step = self._step()
                if step is not _Step.PASS:
                    self._severed.add(client)
                if step is not _Step.CUT_BEFORE:
                    target.sendall(message)
                if step is not _Step.PASS:
                    self.idle.clear()
                    break
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _read(stream: BinaryIO, *, is_typed: bool) -> bytes:
    """A message of the protocol: its type, except for a client's first, its length, its body."""
    kind = stream.read(1) if is_typed else b""
    header = stream.read(4)
    if len(header) < 4:
        return b""
    return kind + header + stream.read(struct.unpack("!I", header)[0] - 4)
