"""Whether the service could serve a request now."""

import math
import time

from backend.database.engine import Sessions
from backend.database.faults import FORBIDDEN, READ_ONLY, Fault, translated
from backend.database.migration_state import State, migration_state
from backend.database.waiting import Deadline
from backend.errors import DatabaseUnavailable, NotMigrated
from backend.observability.incidents import report_once

_NOT_NEWEST = "The database is not at the newest migration of this service"
_DETAILS = {
    State.UNMIGRATED: f"{_NOT_NEWEST}: it has none.",
    State.OLDER: f"{_NOT_NEWEST}, but at an older one.",
    State.NEWER: f"{_NOT_NEWEST}, but at a newer one without columns that it needs.",
}
_AHEAD = "ready, but the database is at a newer migration than this process knows: replace it"
_FAULTS: dict[State, Fault] = {State.FORBIDDEN: FORBIDDEN, State.READ_ONLY: READ_ONLY}


class Readiness:
    """The check of one process, which remembers its last success."""

    def __init__(self, timeout: float, valid_for: float) -> None:
        """`timeout` for an answer, and how long a success counts, both in seconds."""
        self._timeout = timeout
        self._valid_for = valid_for
        self._succeeded = -math.inf

    @property
    def is_fresh(self) -> bool:
        """Whether the last success still counts: then the database is not asked."""
        return time.monotonic() - self._succeeded < self._valid_for

    def require(self, sessions: Sessions) -> None:
        """Raise DatabaseUnavailable or TimedOut unless it answers in time, as this code needs it.

        The error says what the database is: away, unmigrated, older, newer and without something
        that this code needs, without the rights, read-only, or in another encoding than UTF8.
        """
        began = time.monotonic()
        with Deadline(began + self._timeout), translated():
            state = migration_state(sessions)
        if state is State.AHEAD:
            report_once(_AHEAD)
        elif state is not State.READY:
            error = _error(state)
            report_once(f"{error.code}: {error}")
            raise error
        self._succeeded = began


def _error(state: State) -> DatabaseUnavailable:
    if state is State.NOT_UTF8:
        return DatabaseUnavailable("The database is not in UTF8: make one that is, and move there.")
    if state in _DETAILS:
        return NotMigrated(_DETAILS[state])
    return DatabaseUnavailable(str(_FAULTS[state].told_reader()))
