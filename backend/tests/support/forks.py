"""Processes of `python -m …` that begin as copies of one in which the libraries are imported.

A server spends most of its start in importing them, and the suite starts a hundred processes. The
module itself runs anew in each of them. `test_start.py` and `backend/tests/dev` start Python.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

_one_request = Lock()


class Fork:
    """A copy that runs; what is used of subprocess.Popen."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Its status, if it has ended: negative is the signal that ended it."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self.returncode = int(self._status.recv(16))
            self._status.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its status, once it has ended; raises subprocess.TimeoutExpired after the seconds."""
        if self.poll() is None and not select.select([self._status], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        """Unless it has ended, which its origin may know before this process does."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)


@cache
def _origin() -> socket.socket:
    """What leads to the process of which all others are copies. It ends when this one does."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "backend.tests.support.origin"]
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno())
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def fork(module: str, *arguments: str, env: Mapping[str, str], out: int, err: int) -> Fork:
    """Start `python -m module arguments` where no `.env` lies, with these files for its output."""
    ours, theirs = socket.socketpair()
    with theirs:
        request = {"argv": [module, *arguments], "cwd": "/", "env": dict(env)}
        text = json.dumps(request).encode()
        head = len(text).to_bytes(4, "big")
        with _one_request:
            socket.send_fds(_origin(), [head], [theirs.fileno(), out, err])
            _origin().sendall(text)
    return Fork(int(ours.recv(16)), ours)


def run(module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same to its end, with all that it wrote."""
    with TemporaryFile() as out, TemporaryFile() as err:
        process = fork(module, *arguments, env=env, out=out.fileno(), err=err.fileno())
        try:
            status = process.wait(90)
        finally:
            process.kill()
        return subprocess.CompletedProcess([module, *arguments], status, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
