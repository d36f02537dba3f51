"""What a failing database means: for the client, for another attempt, and for the connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import DatabaseError, Error, InterfaceError, OperationalError, errorcodes
from sqlalchemy.exc import DBAPIError
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
from backend.observability.open_files import EXHAUSTED, can_open

DATABASE_ERRORS = (Error, DBAPIError, PoolTimeoutError)
"""The driver's, the same as SQLAlchemy passes them on, and that of a pool without a free one."""

ONE_DUE = "ck_tasks_one_due"
ONE_UID = "ix_tasks_user_id_uid"
ONE_FOLLOWER = "ix_tasks_user_id_repeat_of"
MAX_REASON = 500
"""Characters of the driver's words in a log line."""

_UNKNOWN = ". If this was a write, its outcome is unknown."


@dataclass(frozen=True)
class Fault:
    """What one kind of error means. The defaults are those of a connection that is lost."""

    error: type[AppError]
    cause: str
    """What the client is told, without the driver's words and without a full stop."""
    nothing_done: str = ". Nothing was done."
    """How `cause` ends where the statement had no effect."""
    is_undone: bool = False
    """Whether the server itself says that the statement had no effect, though it was sent."""
    is_passing: bool = False
    """Whether another attempt within the same request may succeed."""
    is_outage: bool = False
    """Whether it concerns all requests: then one clock bounds the attempts of all of them."""
    ends_connection: bool = False
    """Whether the connection is of no more use, although the server may have left it open."""

    def told(self, *, is_certain: bool) -> AppError:
        """The error for the client; `is_certain` if no attempt can have had an effect."""
        return self.error(self.cause + (self.nothing_done if is_certain else _UNKNOWN))

    def told_reader(self) -> AppError:
        """The error for one who has asked for no work."""
        return self.error(f"{self.cause}.")


LOST = Fault(
    DatabaseUnavailable,
    "The database cannot be reached",
    is_passing=True,
    is_outage=True,
    ends_connection=True,
)
BROKEN_SESSION = Fault(
    DatabaseUnavailable,
    "The database refused the session",
    is_undone=True,
    is_passing=True,
    is_outage=True,
    ends_connection=True,
)
READ_ONLY = Fault(
    DatabaseUnavailable,
    "The database is read-only at the moment: reads are served, writes are not",
    is_undone=True,
    is_passing=True,
    is_outage=True,
    ends_connection=True,  # after a failover a new one leads to the primary
)
NO_ROOM = Fault(
    DatabaseUnavailable, "The database has not the room or the memory for this", is_undone=True
)
DAMAGED = Fault(DatabaseUnavailable, "The database cannot use its storage", is_undone=True)
CLASH = Fault(
    Overloaded, "Others changed the same at the same time", is_undone=True, is_passing=True
)
LATE = Fault(TimedOut, "The database took too long", "; nothing was changed.", is_undone=True)
SPENT = Fault(
    TimedOut,
    "The time of the request was over before its work in the database could begin: it waited in "
    "line, or its file took long to read",
    "; nothing was changed.",
)
UNANSWERED = Fault(
    TimedOut, "The database gave no answer in time", "; nothing was changed.", ends_connection=True
)
UNPREPARED = Fault(
    DatabaseUnavailable,
    "The database has not the prepared statement",
    is_undone=True,
    is_passing=True,
)
OUTDATED_PLAN = Fault(
    DatabaseUnavailable,
    "The database was migrated under a prepared statement",
    is_undone=True,
    is_passing=True,
    ends_connection=True,
)
CROWDED = Fault(Overloaded, "The service is busy", is_undone=True)
UNMIGRATED = Fault(
    NotMigrated, "The database is not at the newest migration of this service", is_undone=True
)
FORBIDDEN = Fault(
    NotMigrated,
    "The service has not the rights in its database that the newest migration grants",
    is_undone=True,
)
TWO_DUES = Fault(
    Conflict,
    "The task is due by the other field; send that field as null in the same change",
    ".",
    is_undone=True,
)

SAME_UID = Fault(Conflict, "Another request has made a task of the same UID", ".", is_undone=True)
FOLLOWED = Fault(
    Conflict, "Another request has made the task that follows this one", ".", is_undone=True
)
_BY_CONSTRAINT = {ONE_DUE: TWO_DUES, ONE_UID: SAME_UID, ONE_FOLLOWER: FOLLOWED}

_MEANINGS = {
    errorcodes.READ_ONLY_SQL_TRANSACTION: READ_ONLY,
    errorcodes.IN_FAILED_SQL_TRANSACTION: BROKEN_SESSION,
    errorcodes.CANNOT_CONNECT_NOW: BROKEN_SESSION,
    errorcodes.TOO_MANY_CONNECTIONS: BROKEN_SESSION,
    errorcodes.INVALID_PASSWORD: BROKEN_SESSION,
    errorcodes.INVALID_AUTHORIZATION_SPECIFICATION: BROKEN_SESSION,
    errorcodes.INVALID_CATALOG_NAME: BROKEN_SESSION,
    errorcodes.ADMIN_SHUTDOWN: LOST,  # it may have been ended between its commit and its answer
    errorcodes.CRASH_SHUTDOWN: LOST,
    errorcodes.DATABASE_DROPPED: LOST,
    errorcodes.IDLE_SESSION_TIMEOUT: LOST,
    errorcodes.IDLE_IN_TRANSACTION_SESSION_TIMEOUT: LOST,
    errorcodes.STATEMENT_COMPLETION_UNKNOWN: LOST,
    errorcodes.QUERY_CANCELED: LATE,
    errorcodes.LOCK_NOT_AVAILABLE: LATE,
    errorcodes.TRANSACTION_TIMEOUT: LATE,
    errorcodes.SERIALIZATION_FAILURE: CLASH,  # of a standby's recovery with our reads, too
    errorcodes.DEADLOCK_DETECTED: CLASH,
    errorcodes.INVALID_SQL_STATEMENT_NAME: UNPREPARED,
    errorcodes.DUPLICATE_PREPARED_STATEMENT: UNPREPARED,
    errorcodes.FEATURE_NOT_SUPPORTED: OUTDATED_PLAN,  # "cached plan must not change result type"
    errorcodes.DATA_CORRUPTED: DAMAGED,
    errorcodes.INDEX_CORRUPTED: DAMAGED,
    errorcodes.UNDEFINED_TABLE: UNMIGRATED,
    errorcodes.UNDEFINED_COLUMN: UNMIGRATED,
    errorcodes.INVALID_SCHEMA_NAME: UNMIGRATED,
    errorcodes.INSUFFICIENT_PRIVILEGE: FORBIDDEN,
}
"""By SQLSTATE. While a connection is made the driver tells none: whatever it is, it is LOST."""

_CLASSES = {
    errorcodes.CLASS_CONNECTION_EXCEPTION: LOST,  # a pooler's own errors are 08P01
    errorcodes.CLASS_OPERATOR_INTERVENTION: LOST,
    errorcodes.CLASS_INSUFFICIENT_RESOURCES: NO_ROOM,  # 53100 disk full, 53200 out of memory
    errorcodes.CLASS_SYSTEM_ERROR: DAMAGED,  # 58030 input/output error
}


def driver_error(error: BaseException | None) -> Error | None:
    """What the driver raised, whether or not SQLAlchemy has wrapped it; None for anything else."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause if isinstance(cause, Error) else None


def fault_of(error: BaseException) -> Fault | None:
    """What an error of SQLAlchemy or of its driver means; None if it is a defect of ours."""
    if isinstance(error, PoolTimeoutError):
        return CROWDED
    cause = driver_error(error)
    if isinstance(cause, DeadlineExceededError):
        return UNANSWERED
    state = getattr(cause, "pgcode", None) or ""
    if known := _MEANINGS.get(state) or _CLASSES.get(state[:2]):
        return known
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if known := _BY_CONSTRAINT.get(constraint or ""):
        return known
    is_cut = not state and type(cause) in {OperationalError, InterfaceError, DatabaseError}
    return LOST if is_cut or isinstance(cause, OperationalError) else None


def _reason(error: BaseException) -> str:
    """The driver's own words. Of a statement the first line, for others may hold a row's content.

    Of a connection in the making all lines, one for each host, without libpq's hints.
    """
    cause = driver_error(error)
    if cause is None:
        return "no connection of the pool was free"
    lines = str(cause).strip().splitlines()
    if not lines:  # as where libpq finds no file left for its socket
        return type(cause).__name__ if can_open() else EXHAUSTED
    is_connecting = getattr(cause, "cursor", None) is None
    told = [line.strip() for line in lines if line.strip() and not line.startswith("\t")]
    return "; ".join(told if is_connecting else told[:1])[:MAX_REASON]


def report(fault: Fault, error: BaseException) -> None:
    """Let the log say why, once an outage, if the client is to be told that it may pass."""
    if issubclass(fault.error, Unavailable):
        report_once(f"{fault.error.code}: {_reason(error)}")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as ours, around what only reads; a defect passes as it is."""
    try:
        yield
    except DATABASE_ERRORS as error:
        fault = fault_of(error)
        if fault is None:
            raise
        report(fault, error)
        raise fault.told_reader() from error
