"""The service as a process of its own, spoken to over a real socket."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import httpx
from sqlalchemy.engine import URL

from backend.tests.support.databases import PATIENT_READINESS, ROOT, as_service, rendered
from backend.tests.support.forks import Fork, fork
from backend.tests.support.waiting import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """The process, and a client of it."""

    process: Fork
    port: int
    client: httpx.Client
    output: IO[bytes]
    launch: Callable[[], Fork]
    _seen: int = 0

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it as an operator would; what it wrote to its log.

        One that does not end is killed, lest it takes the time of the tests that follow.
        """
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        return self.log()

    def start_again(self) -> None:
        """On the same port, where it has ended; waits until it answers."""
        self.process = self.launch()
        wait_until_live(self)

    def log(self, until: str = "") -> str:
        """What it has written, into a file, because a full pipe would stop it; waits for a text."""
        wait_until(lambda: until in self._log())
        return self._log()

    def forget_log(self) -> None:
        """Let its log begin here."""
        self._seen = self._size()

    def _log(self) -> str:
        # At a place of its own: the process writes at the one that it shares with this file.
        return os.pread(self.output.fileno(), self._size() - self._seen, self._seen).decode()

    def _size(self) -> int:
        return os.fstat(self.output.fileno()).st_size


def environment(url: URL, **settings: str) -> dict[str, str]:
    """What a process needs to find the project and its database, wherever it runs."""
    ours = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": rendered(as_service(url)),
        "MIGRATION_DATABASE_URL": rendered(url),
        "READINESS_TIMEOUT": str(PATIENT_READINESS),
    }
    return {**os.environ, **ours, **settings}


@contextmanager
def running(url: URL, **settings: str) -> Iterator[Server]:
    """The server on a free port of the loopback, once it answers."""
    port = free_port()
    with (
        TemporaryFile() as output,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):

        def launch() -> Fork:
            env = environment(url, PORT=str(port), **settings)
            return fork("backend.serve", env=env, out=output.fileno(), err=output.fileno())

        server = Server(launch(), port, client, output, launch)
        try:
            wait_until_live(server)
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()


def wait_until_live(server: Server, seconds: float = 60) -> None:
    """Poll until the server answers, or fail with its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            server.client.get("/health/live")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    server.process.kill()
    server.process.wait()
    raise AssertionError(server.log())
