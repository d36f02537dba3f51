"""Whether the service could serve a request now."""

import time

from backend.database.engine import Sessions
from backend.database.faults import translated
from backend.database.migration_state import is_migrated
from backend.database.waiting import deadline
from backend.errors import NotMigrated

READY_TIMEOUT = 1.5
"""Seconds that the database has to show that it is there."""


def require_migrated(sessions: Sessions) -> None:
    """Raise DatabaseUnavailable unless the database answers in time, as this code needs it."""
    with deadline(time.monotonic() + READY_TIMEOUT), translated():
        if not is_migrated(sessions):
            raise NotMigrated
