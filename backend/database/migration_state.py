"""Whether the database is as this code needs it."""

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Select, column, select, table

from backend.database.engine import Sessions

MIGRATIONS = Path(__file__).parents[1] / "alembic"
_REVISIONS: Select[str] = select(column("version_num")).select_from(table("alembic_version"))


@cache
def newest_migration() -> str | None:
    """The revision that this code was written for."""
    return ScriptDirectory(MIGRATIONS).get_current_head()


def is_migrated(sessions: Sessions) -> bool:
    """Whether the database is at the newest migration; raises what the driver raises."""
    with sessions() as session:
        return session.scalars(_REVISIONS).all() == [newest_migration()]
