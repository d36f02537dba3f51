"""The recorder reads SQL from the outside, and sees what the guard would refuse."""

from typing import Any

import pytest
from sqlalchemy import create_engine, delete, insert, select, update

from backend.models.task import task_lists, tasks
from backend.queries.ownership import owned, owner
from backend.tests.support.recorder import has_owner

DIALECT = create_engine("postgresql+psycopg2://").dialect
OTHER = tasks.alias("other")
RENAMED = update(tasks).where(owned()).values(title="x")
MINE = OTHER.c.user_id == owner()


@pytest.mark.threat(65)
@pytest.mark.requirement("NFR-26")
@pytest.mark.parametrize(
    "statement",
    [
        select(OTHER.c.title),
        select(tasks.c.id).where(owned(), OTHER.c.id == tasks.c.id),
        select(tasks.c.id).where(owned(task_lists)),
        RENAMED.where(tasks.c.id == OTHER.c.id),
        RENAMED.values(user_id=2),
        delete(tasks).where(owned(), tasks.c.id == OTHER.c.id),
        insert(tasks).values(user_id=2, title="x"),
        insert(tasks).from_select(["user_id", "title"], select(OTHER.c.user_id, OTHER.c.title)),
    ],
    ids=str,
)
def test_the_recorder_misses_no_table_without_its_owner(statement: Any) -> None:
    assert not has_owner(rendered(statement))


@pytest.mark.parametrize("sql", ['SELECT * FROM "TASKS"', "TABLE tasks", "SELECT 1 FROM a, tasks"])
def test_the_recorder_reads_text_in_any_case(sql: str) -> None:
    assert not has_owner(sql)


@pytest.mark.parametrize(
    "statement",
    [
        select(OTHER.c.title).where(MINE),
        RENAMED.where(tasks.c.id == OTHER.c.id, MINE),
        delete(tasks).where(owned(), tasks.c.id == OTHER.c.id, MINE),
        insert(tasks).values(user_id=owner(), title="x"),
        insert(tasks).from_select(["user_id", "title"], select(owner(), OTHER.c.title).where(MINE)),
    ],
    ids=str,
)
def test_the_recorder_passes_what_names_its_owner(statement: Any) -> None:
    assert has_owner(rendered(statement))


def rendered(statement: Any) -> str:
    return str(statement.compile(dialect=DIALECT))
