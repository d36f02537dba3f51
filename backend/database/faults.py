"""What a failing database means to a client."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.database.waiting import DeadlineExceededError
from backend.errors import (
    AppError,
    Conflict,
    DatabaseUnavailable,
    NotMigrated,
    Overloaded,
    TimedOut,
)

QUERY_CANCELED = "57014"
LOCK_NOT_AVAILABLE = "55P03"
UNDEFINED_TABLE = "42P01"
UNDEFINED_COLUMN = "42703"
INSUFFICIENT_PRIVILEGE = "42501"
ONE_DUE = "ck_tasks_one_due"


def _meaning(error: DBAPIError) -> AppError | None:
    """Our error for the driver's, or None if it is a defect of ours."""
    if isinstance(error.orig, DeadlineExceededError):
        return TimedOut.without_answer()
    state = getattr(error.orig, "pgcode", None)
    if state in {QUERY_CANCELED, LOCK_NOT_AVAILABLE}:
        return TimedOut()
    if state in {UNDEFINED_TABLE, UNDEFINED_COLUMN, INSUFFICIENT_PRIVILEGE}:
        return NotMigrated()
    if isinstance(error, IntegrityError):
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        return _TWO_DUES if constraint == ONE_DUE else None
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailable()
    return None


_TWO_DUES = Conflict("The task is due by the other field; send that as null in the same change.")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as ours; what has no meaning for a client passes as it is."""
    try:
        yield
    except PoolTimeoutError as error:
        raise Overloaded from error
    except DBAPIError as error:
        if (meaning := _meaning(error)) is None:
            raise
        raise meaning from error
