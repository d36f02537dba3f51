"""Doing it again where the connection was lost, if that is safe and worth the wait."""

import random
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection
from sqlmodel import Session

from backend.database.execution import transaction_of
from backend.database.faults import translated
from backend.database.waiting import deadline, sleep
from backend.errors import DatabaseUnavailable, NotMigrated, TimedOut

Result = TypeVar("Result")

PATIENCE = 3.0
"""Seconds of an outage in which requests wait for its end; later each fails at once."""

FORGOTTEN = 10.0
"""Seconds without a failure after which the next one begins another outage."""


class Outage:
    """When the database went away, as the requests of this process noticed it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._began = self._last = float("-inf")

    def is_bearable(self) -> bool:
        """Note one more failure; whether its request should wait for the database to return."""
        with self._lock:
            now = time.monotonic()
            if now - self._last > FORGOTTEN:
                self._began = now
            self._last = now
            return now - self._began < PATIENCE

    def end(self) -> None:
        """Note a success."""
        self._last = float("-inf")


_outage = Outage()


def _pauses() -> Iterator[float]:
    """Seconds to wait before each next attempt: doubled, bounded, with jitter."""
    longest = 0.05
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  (no secret)
        longest = min(2 * longest, 0.4)


class Attempts:
    """One request's attempts in the database, until `at` of `time.monotonic()`."""

    def __init__(self, session: Session, at: float) -> None:
        self._session = session
        self._at = at
        self.has_repeated = False
        """Whether something was sent more than once: then it may find its own work."""

    def make(self, execute: Callable[[Connection], Result], *, repeatable: bool) -> Result:
        """Execute in a transaction, and give the connection back before anything else is done.

        One that is held until the response is sent is missed by all who wait for it meanwhile
        (specs/001-backend-task-api/research.md, 8).
        """
        if time.monotonic() > self._at:  # spent waiting for a turn
            raise TimedOut
        pauses = _pauses()
        while True:
            sent, pause = False, next(pauses)
            try:
                with deadline(self._at), translated(), transaction_of(self._session) as connection:
                    sent = True
                    result = execute(connection)
            except NotMigrated:  # it is not lost, and no pause will mend it
                raise
            except TimedOut as error:
                raise error if sent else TimedOut from error
            except DatabaseUnavailable as error:
                is_safe = repeatable or not sent
                if not (is_safe and _outage.is_bearable() and self._has(pause)):
                    raise error if sent else DatabaseUnavailable.before_sending() from error
                self.has_repeated |= sent
                sleep(pause)
            else:
                _outage.end()
                return result

    def _has(self, pause: float) -> bool:
        return time.monotonic() + pause < self._at
