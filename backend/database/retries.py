"""Sending a statement again where the connection was lost, if that is safe and worth the wait."""

import logging
import math
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlalchemy import Connection
from sqlmodel import Session

from backend.database.faults import translated
from backend.database.transactions import transaction_of
from backend.database.waiting import deadline, sleep
from backend.errors import DatabaseUnavailable, NotMigrated, TimedOut

Result = TypeVar("Result")

OUTAGE_GAP = 10.0
"""Seconds without a failure after which the next one begins another outage."""

_log = logging.getLogger("backend.database")


class Outage:
    """When the database went away, as the requests of this process noticed it."""

    def __init__(self) -> None:
        self._began = self._last = -math.inf

    def note_failure(self) -> float:
        """Note one more failure; the age of the outage in seconds."""
        now = time.monotonic()
        if now - self._last > OUTAGE_GAP:
            self._began = now
        self._last = now
        return now - self._began

    def note_success(self) -> None:
        """The outage is over."""
        self._last = -math.inf


_outage = Outage()


def _pauses() -> Iterator[float]:
    """Seconds to wait before each next attempt: doubled, bounded, with jitter."""
    longest = 0.05
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  (no secret)
        longest = min(2 * longest, 0.4)


class Attempts:
    """One request's attempts in the database.

    `until` (of `time.monotonic()`) bounds all of them together. `retry_window` is how many seconds
    of an outage requests wait for its end; in a longer one each fails at its first attempt.
    """

    def __init__(self, until: float = math.inf, retry_window: float = 0.0) -> None:
        self._until = until
        self._retry_window = retry_window
        self.has_repeated = False
        """Whether something was sent more than once: then it may find its own work."""

    def make(
        self, execute: Callable[[Connection], Result], session: Session, *, is_repeatable: bool
    ) -> Result:
        """Execute in a transaction, and give the connection back before anything else is done.

        A connection that is held until the response is sent is missed by all who wait for it
        meanwhile (specs/decisions, "Connection handling").
        """
        if time.monotonic() > self._until:  # spent waiting for a slot
            raise TimedOut
        for pause in _pauses():
            was_sent = False
            try:
                with deadline(self._until), translated(), transaction_of(session) as connection:
                    was_sent = True
                    result = execute(connection)
            except NotMigrated:  # the connection is not lost, and no pause will mend it
                raise
            except TimedOut as error:
                if was_sent:
                    raise
                raise TimedOut from error.__cause__
            except DatabaseUnavailable as error:
                if not self._may_repeat(pause, is_safe=is_repeatable or not was_sent):
                    if was_sent:
                        raise
                    raise DatabaseUnavailable.before_sending() from error.__cause__
                self.has_repeated |= was_sent
                sleep(pause)
            else:
                _outage.note_success()
                return result
        raise AssertionError("the pauses never end")

    def _may_repeat(self, pause: float, *, is_safe: bool) -> bool:
        age = _outage.note_failure()
        in_time = time.monotonic() + pause < self._until
        return is_safe and age < self._retry_window and in_time
