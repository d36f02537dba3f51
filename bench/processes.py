"""A service as processes of its own: started, watched, ended."""

import http.client
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from backend.tests.support.server import free_port
from bench.services import Service

PATIENCE = 30  # seconds, for a start
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def cpu_seconds(processes: Iterable[psutil.Process]) -> dict[int, float]:
    """User and system time so far, by pid; processes that have ended are left out."""
    spent = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[process.pid] = times.user + times.system
    return spent


@dataclass(frozen=True)
class Running:
    """A service that answers on a port of the loopback."""

    process: psutil.Process
    port: int

    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def resident(self) -> int:
        """Bytes that the serving process holds now; gunicorn's master, idle, is the smaller."""
        return max(process.memory_info().rss for process in self.tree())

    def peak(self) -> int:
        """The most bytes that it ever held (VmHWM)."""
        status = [Path(f"/proc/{process.pid}/status").read_text() for process in self.tree()]
        return max(int(found[1]) * 1024 for text in status if (found := _PEAK.search(text)))


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/api/1/tasks/1")
        return connection.getresponse().status == 200
    return False


def _wait(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(port):
            return True
        time.sleep(0.05)
    return False


def _require_answer(process: subprocess.Popen[bytes], port: int) -> None:
    if not _wait(process, port):
        raise SystemExit("it does not answer")


@contextmanager
def running(service: Service, environment: dict[str, str]) -> Iterator[Running]:
    """Run the service for the block; a SystemExit, as where it does not start, has its log."""
    port = free_port()
    with TemporaryFile() as log:
        process = subprocess.Popen(
            service.started_on(port),
            cwd=service.folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _require_answer(process, port)
            yield Running(psutil.Process(process.pid), port)
        except SystemExit as error:
            time.sleep(0.5)  # it answers before it logs why
            log.seek(0)
            said = log.read().decode()[-2000:]
            raise SystemExit(f"{service.label}: {error}; its log ends:\n{said}") from None
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
