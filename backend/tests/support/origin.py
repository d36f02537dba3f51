"""The process that `forks.py` starts, of which every process of the tests is a copy.

It imports what the service, its commands and its migrations import, and nothing that reads a
setting, starts a thread or opens a connection: a copy must find the world as a new process does.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from backend.tests.support.tracer import keep_greenlets_of_threads

LIBRARIES = (
    *("alembic.autogenerate", "alembic.command", "alembic.config", "httptools", "uvloop"),
    *("sqlalchemy.dialects.postgresql.psycopg2", "backend.app", "backend.edge.workers"),
    *("backend.edge.server", "backend.edge.listening", "backend.commands.diagnosis.settings"),
)
CHILD = 0


def module_to_run() -> str:
    """Answer requests until there are no more; returns in each copy, which is to run a module."""
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    running: dict[int, socket.socket] = {}
    while True:
        if woken in select.select([woken, control], [], [])[0]:
            woken.recv(4096)
            report(running)
            continue
        head, files, _, _ = socket.recv_fds(control, 4, 3)
        if not head:
            sys.exit()
        request = json.loads(received(control, int.from_bytes(head, "big")))
        if (pid := os.fork()) == CHILD:
            return become(request, *files[1:])
        running[pid] = status = socket.socket(fileno=files[0])
        status.send(str(pid).encode())
        for file in files[1:]:
            os.close(file)


def received(control: socket.socket, size: int) -> bytes:
    """This many bytes."""
    text = b""
    while len(text) < size:
        text += control.recv(size - len(text))
    return text


def report(running: dict[int, socket.socket]) -> None:
    """Tell the status of each copy that has ended to whom asked for it."""
    for pid in [*running]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with running.pop(pid) as asking:
                asking.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(request: Mapping[str, Any], out: int, err: int) -> str:
    """Put on what the request asks for, and take off what is this process' own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, out, err)):
        os.dup2(file, number)
    os.closerange(3, 256)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["argv"][1:]
    module: str = request["argv"][0]
    return module


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for library in LIBRARIES:
        import_module(library)
    keep_greenlets_of_threads()
    gc.collect()
    gc.freeze()
    runpy.run_module(module_to_run(), run_name="__main__", alter_sys=True)
