"""The indexes of the feed are made beside writers, and again where they were left unfinished."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command as alembic_command
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.tests.support.commands import execute
from backend.tests.support.databases import alembic_config
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.requirement("NFR-03", "FR-41")

TASK = (
    "INSERT INTO tasks (user_id, title, completed, priority, tags, revision, created_at, "
    "updated_at) VALUES (1, 'x', false, 0, '{}', 1, now(), now())"
)
VALID = (
    "SELECT count(*) FROM pg_index WHERE indisvalid "
    "AND indexrelid::regclass::text LIKE 'ix_tasks_user_id_revision_%%'"
)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'virtualxid'"


def test_writes_go_on_while_the_indexes_are_made(fresh_database: URL) -> None:
    config = alembic_config(fresh_database)
    alembic_command.downgrade(config, "0004")
    engine = create_engine(fresh_database, poolclass=NullPool)
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.exec_driver_sql(TASK)  # a write that is under way for long
        done = pool.submit(alembic_command.upgrade, config, "head")
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as writer:
            wait_until(lambda: writer.exec_driver_sql(WAITING).scalar_one())
            writer.exec_driver_sql("SET lock_timeout = '2s'")
            writer.exec_driver_sql(TASK)
        other.commit()
    assert done.exception() is None
    assert execute(fresh_database, VALID) == [(2,)]
    assert execute(fresh_database, "SELECT count(*) FROM tasks") == [(2,)]


def test_what_was_left_unfinished_is_made_anew(fresh_database: URL) -> None:
    config = alembic_config(fresh_database)
    alembic_command.downgrade(config, "0004")
    for name in ("live", "trash"):
        execute(
            fresh_database,
            f"CREATE INDEX ix_tasks_user_id_revision_{name} ON tasks (user_id, revision)",
        )
    execute(
        fresh_database,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
        "'ix_tasks_user_id_revision_live'::regclass",
    )
    alembic_command.upgrade(config, "head")
    assert execute(fresh_database, VALID) == [(2,)]
    alembic_command.check(config)
