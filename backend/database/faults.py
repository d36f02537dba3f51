"""What a failing database means to a client, and the line that tells operators why."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.database.waiting import DeadlineExceededError
from backend.errors import (
    AppError,
    Conflict,
    DatabaseUnavailable,
    NotMigrated,
    Overloaded,
    TimedOut,
    Unavailable,
)
from backend.observability.incidents import report_once

TAKES_TOO_LONG = {errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE}
IS_NOT_MIGRATED = {
    errorcodes.UNDEFINED_TABLE,
    errorcodes.UNDEFINED_COLUMN,
    errorcodes.INSUFFICIENT_PRIVILEGE,
}
ONE_DUE = "ck_tasks_one_due"
_TWO_DUES = "The task is due by the other field; send that field as null in the same change."


def _meaning(error: DBAPIError) -> AppError | None:
    """Our error for the driver's, or None if it is a defect of ours."""
    if isinstance(error.orig, DeadlineExceededError):
        return TimedOut.without_answer()
    state = getattr(error.orig, "pgcode", None)
    if state in TAKES_TOO_LONG:
        return TimedOut()
    if state in IS_NOT_MIGRATED:
        return NotMigrated()
    if isinstance(error, IntegrityError):
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        return Conflict(_TWO_DUES) if constraint == ONE_DUE else None
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailable()
    return None


def _reason(error: DBAPIError) -> str:
    """The driver's own words: of its first line alone, for others may hold a row's content."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return lines[0].strip()


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as ours; what has no meaning for a client passes as it is."""
    try:
        yield
    except PoolTimeoutError as error:
        report_once("overloaded: no connection of the pool was free")
        raise Overloaded from error
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        if isinstance(meaning, Unavailable):
            report_once(f"{meaning.code}: {_reason(error)}")
        raise meaning from error
