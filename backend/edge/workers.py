"""Several processes that serve one port, and the one that looks after them."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NamedTuple, NoReturn

MIN_LIFE = 1.0
"""Seconds after its start before which a process that ended is not replaced at once."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("backend.serve")


class _Started(NamedTuple):
    """A process: its number, and when it began (`time.monotonic()`)."""

    number: int
    since: float


class Workers:
    """Forks processes that share the listening sockets; replaces one that ends; ends with all.

    A connection belongs to the process that took it, and one that waits to be taken to none: so
    where a process is killed, only its own requests are lost.
    """

    def __init__(self, number: int, serve: Callable[[int], None]) -> None:
        """`serve` serves until a signal comes, and ends the process with a status. It is told the
        number of its process, from 0; one that takes the place of another has the same.
        """
        self._number = number
        self._serve = serve
        self._started: dict[int, _Started] = {}
        self._is_leaving = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT comes, which every process gets; the worst status."""
        for one in _SIGNALS:
            signal.signal(one, self._leave)
        while len(self._started) < self._number and not self._is_leaving:
            self._start(len(self._started))
        worst = 0
        while self._started:
            worst = max(worst, self._look_after())
        return worst

    def _leave(self, number: int, frame: FrameType | None) -> None:
        """The second signal ends them at once, as it does with a single process."""
        self._is_leaving = True
        for process in self._started:
            with suppress(ProcessLookupError):  # it has ended since, and is still to be taken out
                os.kill(process, number)

    def _look_after(self) -> int:
        """Wait until a process ends, and start another in its place; its status if it had to."""
        process, how = os.wait()
        number, since = self._started.pop(process)
        lived = time.monotonic() - since
        status = os.waitstatus_to_exitcode(how)
        if self._is_leaving:
            return abs(status)
        _log.error("process %d ended with status %d; another takes its place", process, status)
        if lived < MIN_LIFE:
            time.sleep(MIN_LIFE - lived)
        if not self._is_leaving:
            self._start(number)
        return 0

    def _start(self, number: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until it is known which is which
        process = os.fork()
        if process == 0:
            self._become_worker(number)
        self._started[process] = _Started(number, time.monotonic())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _become_worker(self, number: int) -> NoReturn:
        """In a group of its own: Ctrl-C in a terminal reaches it once, by its parent."""
        os.setpgid(0, 0)
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        status = 1
        try:
            self._serve(number)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
