"""Whether the service could serve a request now."""

import time

from backend.database.engine import Sessions
from backend.database.faults import translated
from backend.database.migration_state import is_migrated
from backend.database.waiting import deadline
from backend.errors import NotMigrated


def require_migrated(sessions: Sessions, timeout: float) -> None:
    """Raise DatabaseUnavailable unless the database answers in `timeout` seconds, as we need it."""
    with deadline(time.monotonic() + timeout), translated():
        if not is_migrated(sessions):
            raise NotMigrated
