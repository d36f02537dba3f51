"""Migration 0007 can be run again where it was interrupted, and lets others write meanwhile."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command as alembic_command
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.tests.support.commands import execute
from backend.tests.support.databases import alembic_config
from backend.tests.support.waiting import wait_until

pytestmark = pytest.mark.requirement("NFR-03", "NFR-59")

TASK = (
    "INSERT INTO tasks (user_id, title, completed, priority, tags, revision, created_at, "
    "updated_at) VALUES (1, 'x', false, 0, '{}', 1, now(), now())"
)
UNVALIDATED = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'virtualxid'"


def test_writes_go_on_while_the_indexes_are_made_and_what_is_half_done_is_finished(
    fresh_database: URL,
) -> None:
    config = alembic_config(fresh_database)
    alembic_command.downgrade(config, "0006")
    execute(fresh_database, "ALTER TABLE tasks ADD COLUMN repeat text")
    execute(
        fresh_database,
        "ALTER TABLE tasks ADD CONSTRAINT ck_tasks_repeat_length CHECK (repeat <> '') NOT VALID",
    )
    engine = create_engine(fresh_database, poolclass=NullPool)
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.exec_driver_sql("SELECT txid_current()")  # an old snapshot, and no lock on the table
        done = pool.submit(alembic_command.upgrade, config, "head")
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as writer:
            wait_until(lambda: done.done() or writer.exec_driver_sql(WAITING).scalar_one())
            writer.exec_driver_sql("SET lock_timeout = '2s'")
            writer.exec_driver_sql(TASK)
        other.commit()
    assert done.exception() is None
    assert execute(fresh_database, UNVALIDATED) == [(0,)]
    assert execute(fresh_database, "SELECT repeat_from FROM tasks") == [("due",)]
    alembic_command.check(config)
