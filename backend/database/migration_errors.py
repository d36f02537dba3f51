"""What a migration that fails tells the operator: one line with the reason and the way out."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from psycopg2 import errorcodes
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_OWN = "give the service a database or a schema of its own"
_ADVICE = {
    errorcodes.INSUFFICIENT_PRIVILEGE: "MIGRATION_DATABASE_URL must be of the owner of the tables, "
    "who may create in the schema",
    errorcodes.LOCK_NOT_AVAILABLE: "another session uses the table; this migration changed "
    "nothing: run it again",
    errorcodes.DUPLICATE_TABLE: f"it is not of these migrations: {_OWN}",
    errorcodes.DUPLICATE_COLUMN: f"it is not of these migrations: {_OWN}",
    errorcodes.DUPLICATE_OBJECT: f"it is not of these migrations: {_OWN}",
    errorcodes.UNDEFINED_TABLE: "the tables are not as alembic_version says: restore a backup, or "
    "bring them to the state of that revision",
    errorcodes.UNDEFINED_COLUMN: "the tables are not as alembic_version says: restore a backup, or "
    "bring them to the state of that revision",
    errorcodes.READ_ONLY_SQL_TRANSACTION: "MIGRATION_DATABASE_URL must lead to the primary, which "
    "can be written",
    errorcodes.INVALID_SCHEMA_NAME: "create the schema that the login's search_path names, or "
    "correct the search_path",
    errorcodes.DISK_FULL: "free space on the database's disk, then run it again",
    errorcodes.OUT_OF_MEMORY: "run it again when the database is less busy",
}


class MigrationError(SystemExit):
    """Ends Alembic or the launcher with one line and status 1; shows no secret."""


@contextmanager
def explained() -> Iterator[None]:
    """Raise what the database refuses as a MigrationError; defects of ours keep their traceback."""
    try:
        yield
    except DBAPIError as error:
        raise MigrationError(_line(error)) from None
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise MigrationError(
            "Migration: alembic_version names a revision that this code does not have: the "
            f"database is newer than the code, or belongs to another application; then {_OWN}"
        ) from None


def reason(error: DBAPIError) -> str:
    """The driver's words, the first line alone: others may hold a row's content."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return lines[0].strip()


def _line(error: DBAPIError) -> str:
    state = getattr(error.orig, "pgcode", None)
    if state is None:
        return f"The database cannot be reached: {reason(error)}"
    advice = _ADVICE.get(state)
    return f"Migration: {reason(error)}" + (f": {advice}" if advice else f" (SQLSTATE {state})")


def require_utf8(connection: Connection) -> None:
    """Raise MigrationError where the database cannot hold every text."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    connection.rollback()
    if encoding != "UTF8":
        raise MigrationError(
            f"Migration: the database is in {encoding}, which cannot hold every text: make one "
            "with CREATE DATABASE … ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
        )
