"""Sending a statement again where the connection was lost, if that is safe and worth the wait."""

import math
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.faults import DATABASE_ERRORS, SPENT, Fault, fault_of, report
from backend.database.outages import Outages
from backend.database.transactions import connection_of
from backend.database.waiting import Deadline, sleep
from backend.observability.incidents import report_once
from backend.observability.metrics import RETRIES

Result = TypeVar("Result")
Execute = Callable[[GuardedConnection], Result]

MAX_CLASHES = 5
"""Attempts at a statement that meets other requests' work (a deadlock), and no outage."""


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

    def __init__(
        self,
        until: float = math.inf,
        retry_window: float = 0.0,
        outages: Outages | None = None,
    ) -> None:
        self._until = until
        self._retry_window = retry_window
        self._outages = outages or Outages()
        self.has_repeated = False
        """Whether something was sent again that may have had its effect: it may find that."""

    def make(
        self,
        execute: Execute[Result],
        session: Session,
        *,
        is_repeatable: bool,
    ) -> Result:
        """Execute in a transaction, and give the connection back before anything else is done.

        A connection that is held until the response is sent is missed by all who wait for it
        meanwhile (specs/decisions, "Connection handling").
        """
        if time.monotonic() > self._until:  # spent waiting for a slot, or reading a file
            report_once("timeout: the time of the request was over before it had a connection")
            raise SPENT.told(is_certain=True)
        is_certain = True
        seen: set[Fault] = set()
        for attempt, pause in enumerate(_pauses(), start=1):
            was_sent = False
            try:
                with Deadline(self._until), connection_of(session) as connection:
                    was_sent = True
                    result = execute(connection)
            except DATABASE_ERRORS as error:
                fault = fault_of(error)
                if fault is None:
                    raise
                report(fault, error)
                has_effect = was_sent and not fault.is_undone
                is_certain &= not has_effect
                is_worth_it = self._is_worth_it(fault, attempt, pause)
                if not is_worth_it or (has_effect and not is_repeatable):
                    raise fault.told(is_certain=is_certain) from error
                RETRIES.add()
                seen.add(fault)
                self.has_repeated |= has_effect
                sleep(pause)
            else:
                self._outages.note_success(seen)
                return result
        raise AssertionError("the pauses never end")

    def _is_worth_it(self, fault: Fault, attempt: int, pause: float) -> bool:
        """Whether another attempt may succeed, and in time."""
        if fault.is_outage:
            may_pass = self._outages.note_failure(fault) < self._retry_window
        else:
            may_pass = attempt < MAX_CLASHES
        return fault.is_passing and may_pass and time.monotonic() + pause < self._until
