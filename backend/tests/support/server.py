"""The service as a process of its own, spoken to over a real socket."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import httpx
from sqlalchemy.engine import URL

from backend.tests.support.databases import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A uvicorn process, and a client of it."""

    process: subprocess.Popen[bytes]
    port: int
    client: httpx.Client
    output: IO[bytes]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End it as an operator would; what it wrote to its log."""
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        return self.log()

    def log(self) -> str:
        """What it has written so far; into a file, because a full pipe would stop it."""
        self.output.seek(0)
        return self.output.read().decode()


def environment(url: URL, **settings: str) -> dict[str, str]:
    """What a process needs to find the project and its database, wherever it runs."""
    rendered = url.render_as_string(hide_password=False)
    return {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": rendered, **settings}


@contextmanager
def running(url: URL, **settings: str) -> Iterator[Server]:
    """The server on a free port of the loopback, once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "backend.main:app", "--port", str(port)]
    with (
        TemporaryFile() as output,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        process = subprocess.Popen(
            command,
            cwd="/",  # where no .env lies
            env=environment(url, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        server = Server(process, port, client, output)
        try:
            wait_until_live(server)
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def wait_until_live(server: Server, seconds: float = 20) -> None:
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
