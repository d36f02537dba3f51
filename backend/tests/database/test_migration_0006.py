"""The index of the UIDs is made beside writers, and again where it was left unfinished."""

import pytest
from alembic import command as alembic_command
from sqlalchemy.engine import URL

from backend.tests.support.commands import execute
from backend.tests.support.databases import alembic_config

INDEX = (
    "SELECT indisvalid, indisunique FROM pg_index "
    "WHERE indexrelid = 'ix_tasks_user_id_uid'::regclass"
)


@pytest.mark.requirement("NFR-03", "FR-51")
def test_what_was_left_unfinished_is_made_anew(fresh_database: URL) -> None:
    config = alembic_config(fresh_database)
    alembic_command.downgrade(config, "0005")
    execute(fresh_database, "ALTER TABLE tasks ADD COLUMN uid text")
    execute(fresh_database, "CREATE INDEX ix_tasks_user_id_uid ON tasks (user_id, uid)")
    invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_tasks_user_id_uid'"
    execute(fresh_database, f"{invalid}::regclass")
    alembic_command.upgrade(config, "head")
    assert execute(fresh_database, INDEX) == [(True, True)]
    alembic_command.check(config)
