"""The guard that refuses, in production too, a statement without its owner."""

import pytest
from sqlalchemy import Executable, delete, select, text, true, update

from backend.database.guard import OwnerMissingError, RefusedStatementError, require_owner
from backend.models.task import task_lists, tasks
from backend.queries import tasks as statements
from backend.queries.ownership import owned
from backend.queries.statement import Statement
from backend.tests.support.recorder import RecordingClient

OWNED = owned()
STATEMENTS = [
    value.executable for value in vars(statements).values() if isinstance(value, Statement)
]


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize(
    "statement",
    [
        select(tasks),
        select(tasks).where(tasks.c.id == 1),
        select(tasks).where(OWNED | true()),
        select(tasks).where(~OWNED),
        select(tasks).where(tasks.c.user_id == tasks.c.id),
        select(tasks).where(tasks.c.user_id >= 1),
        select(tasks).where(tasks.c.user_id == 1),
        select(tasks.alias("t")).where(OWNED),
        select(tasks).join(task_lists, OWNED).where(OWNED),
        select(select(tasks).subquery()),
        select(1).where(select(tasks.c.id).exists()),
        update(tasks).values(title="x"),
        update(tasks).values(title="x").where(task_lists.c.user_id == 1),
        delete(tasks).where(tasks.c.id == 1),
        select(task_lists),
        select(select(tasks.c.id).cte()).where(OWNED),
    ],
    ids=str,
)
def test_a_statement_without_its_owner_is_refused(statement: Executable) -> None:
    with pytest.raises(OwnerMissingError):
        require_owner(statement)


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize(
    "statement",
    [
        select(tasks).where(OWNED, tasks.c.id == 1),
        update(tasks).values(title="x").where(OWNED),
        delete(tasks).where(OWNED & (tasks.c.id == 1)),
        select(select(tasks).where(OWNED).subquery()),
        *STATEMENTS,
    ],
    ids=str,
)
def test_a_statement_with_its_owner_passes(statement: Executable) -> None:
    require_owner(statement)


@pytest.mark.requirement("FR-10")
def test_the_engine_of_production_refuses(live: RecordingClient) -> None:
    live.recorder.clear()
    with live.app.state.runtime.sessions() as session, pytest.raises(OwnerMissingError):
        session.execute(select(tasks))
    assert live.recorder.statements == []


@pytest.mark.parametrize("query", ["SELECT 1", "SELECT * FROM tasks WHERE user_id = 1"])
def test_text_is_refused_whatever_it_says(query: str) -> None:
    with pytest.raises(RefusedStatementError):
        require_owner(text(query))


def test_the_guard_looks_into_the_statements_that_a_write_begins_with() -> None:
    bump = update(task_lists).values(revision=1).returning(task_lists.c.revision).cte()
    with pytest.raises(OwnerMissingError):
        require_owner(update(tasks).where(OWNED).values(revision=bump.c.revision))
