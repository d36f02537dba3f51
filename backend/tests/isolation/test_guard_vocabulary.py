"""Mistakes of ours that would reach another owner's rows: the guard refuses each, by its kind."""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from psycopg2.extras import RealDictCursor, execute_values
from sqlalchemy import (
    Engine,
    Executable,
    bindparam,
    func,
    insert,
    inspect,
    join,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from backend.database.engine import make_engine
from backend.database.guard import RefusedStatementError, require_owner
from backend.database.migration_state import State, migration_state
from backend.models.task import Task, task_lists, tasks
from backend.queries.ownership import owned, owner
from backend.queries.positions import POSITIONS
from backend.queries.purge import EXPIRED_KEYS, OLD_TASKS
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.refused import (
    FUNCTIONS,
    MINE,
    NEW,
    OTHER,
    OWNERLESS,
    SURVEYS,
    TABLES,
    TEXT,
)

pytestmark = [pytest.mark.threat(65), pytest.mark.requirement("NFR-26")]

ENTITY: Any = Task
EVERYTHING = "SELECT * FROM tasks"
RENAME = update(tasks).where(owned()).values(title="x")
ACCEPTED: Mapping[str, Executable] = {
    "an alias": select(OTHER).where(OTHER.c.user_id == owner()),
    "two names of a table": select(tasks, OTHER).where(owned(), OTHER.c.user_id == owner()),
    "a join": select(tasks)
    .select_from(join(tasks, task_lists, tasks.c.user_id == task_lists.c.user_id))
    .where(owned(), owned(task_lists)),
    "a join of the statement": select(tasks)
    .join(task_lists, tasks.c.user_id == task_lists.c.user_id, isouter=True)
    .where(owned(), owned(task_lists)),
    "UPDATE FROM": RENAME.where(tasks.c.id == OTHER.c.id, OTHER.c.user_id == owner()),
    "INSERT": insert(tasks).values(user_id=owner(), title="x"),
    "INSERT from a subquery": insert(tasks).from_select(
        ["user_id", "title"], select(owner(), tasks.c.title).where(owned())
    ),
    "an upsert": NEW.on_conflict_do_update(
        index_elements=["user_id", "id"], set_={"title": NEW.excluded.title}
    ),
    "a union": union_all(MINE, MINE),
    "a survey": OLD_TASKS.executable,
    "another survey": EXPIRED_KEYS.executable,
    "positions": POSITIONS.executable,
    "the lock of a write": MINE.with_for_update(key_share=True),
    "no table": select(func.now(), literal("x")),
}


@pytest.fixture
def engine(live: RecordingClient) -> Engine:
    """The engine of the service as it is in production, where another owner has a task."""
    assert live.post("/api/2/tasks", json={"title": "not yours"}).is_success
    found: Engine = live.app.state.runtime.engine
    return found


@pytest.fixture
def nothing_sent(live: RecordingClient, engine: Engine) -> Iterator[None]:
    """Whatever the test does, no SQL of it is executed, and no row is changed."""
    before = live.get("/api/2/tasks").json()
    live.recorder.clear()
    yield
    assert live.recorder.statements == []
    assert live.get("/api/2/tasks").json() == before


def require_refused(statement: Any) -> None:
    with pytest.raises(RefusedStatementError):
        require_owner(statement)


@pytest.mark.parametrize("name", TEXT)
def test_text_is_refused_wherever_it_stands(name: str) -> None:
    require_refused(TEXT[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_no_statement_of_ours_calls_is_refused(name: str) -> None:
    require_refused(FUNCTIONS[name])


@pytest.mark.parametrize("name", TABLES)
def test_what_is_no_table_or_statement_of_ours_is_refused(name: str) -> None:
    require_refused(TABLES[name])


@pytest.mark.parametrize("name", OWNERLESS)
def test_a_table_without_its_owner_is_refused_wherever_it_stands(name: str) -> None:
    require_refused(OWNERLESS[name])


@pytest.mark.parametrize("name", SURVEYS)
def test_a_survey_across_owners_may_only_count_by_owner(name: str) -> None:
    require_refused(SURVEYS[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_names_its_owner_everywhere_is_accepted(name: str) -> None:
    require_owner(ACCEPTED[name])


WAYS: Mapping[str, Callable[[Any], Any]] = {
    "exec_driver_sql": lambda connection: connection.exec_driver_sql(EVERYTHING),
    "text": lambda connection: connection.execute(text(EVERYTHING)),
    "a cursor": lambda connection: connection.connection.cursor().execute(EVERYTHING),
    "a cursor with a name": lambda connection: connection.connection.cursor("x").execute(
        EVERYTHING
    ),
    "a cursor of another class": lambda connection: connection.connection.cursor(
        cursor_factory=RealDictCursor
    ).execute(EVERYTHING),
    "a cursor of the driver": lambda connection: (
        connection.connection.driver_connection.cursor().execute(EVERYTHING)
    ),
    "many at once": lambda connection: connection.connection.cursor().executemany(
        "DELETE FROM tasks WHERE id = %s", [(1,), (2,)]
    ),
    "a procedure": lambda connection: connection.connection.cursor().callproc("now"),
    "COPY to": lambda connection: connection.connection.cursor().copy_to(io.StringIO(), "tasks"),
    "COPY from": lambda connection: connection.connection.cursor().copy_from(
        io.StringIO(), "tasks"
    ),
    "COPY of a query": lambda connection: connection.connection.cursor().copy_expert(
        f"COPY ({EVERYTHING}) TO STDOUT", io.StringIO()
    ),
    "the driver's extras": lambda connection: execute_values(
        connection.connection.cursor(), "INSERT INTO tasks (user_id) VALUES %s", [(2,)]
    ),
    "reflection": lambda connection: inspect(connection).get_table_names(),
    "DDL": SQLModel.metadata.drop_all,
    "DDL unasked": tasks.drop,
    "parameters of two owners": lambda connection: connection.execute(
        NEW, [{"owner": 1}, {"owner": 2}]
    ),
    "a parameter that is a column": lambda connection: connection.execute(
        RENAME, {"owner": 1, "user_id": 2}
    ),
    "another schema for the tables": lambda connection: connection.execute(
        MINE, {"owner": 1}, execution_options={"schema_translate_map": {None: "other"}}
    ),
    "a survey that says so elsewhere": lambda connection: connection.execute(
        select(tasks), execution_options={"across_owners": True}
    ),
    "an entity by its key": lambda connection: Session(connection).get(Task, (2, 1)),
    "a query for an entity": lambda connection: Session(connection).query(Task).all(),
    "a query for a column": lambda connection: Session(connection).execute(select(ENTITY.title)),
    "a query for a number": lambda connection: Session(connection).scalar(
        select(func.count()).select_from(Task)
    ),
}


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("way", WAYS)
def test_the_engine_of_production_sends_nothing_that_came_this_way(
    engine: Engine, way: str
) -> None:
    with engine.connect() as connection, pytest.raises(RefusedStatementError):
        WAYS[way](connection)


@pytest.mark.usefixtures("nothing_sent")
def test_a_raw_connection_is_refused_too(engine: Engine) -> None:
    connection = engine.raw_connection()
    try:
        with pytest.raises(RefusedStatementError):
            connection.cursor().execute(EVERYTHING)
    finally:
        connection.close()


@pytest.mark.usefixtures("nothing_sent")
def test_the_unit_of_work_cannot_write(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(ENTITY(user_id=2, title="x"))
        with pytest.raises(RefusedStatementError):
            session.flush()


def test_approved_sql_runs_once_a_cursor(engine: Engine) -> None:
    """Who has the cursor of a result cannot send its SQL again for another owner."""
    with engine.connect() as connection:
        result: Any = connection.execute(MINE, {"owner": 1})
        sql = result.context.statement
        with pytest.raises(RefusedStatementError):
            result.context.cursor.execute(sql, {"owner": 2})


def test_the_service_pings_and_reads_its_migration_past_no_guard(live: RecordingClient) -> None:
    runtime = live.app.state.runtime
    assert migration_state(runtime.sessions) is State.READY
    with runtime.engine.connect() as connection:
        assert runtime.engine.dialect.do_ping(connection.connection)


def test_a_new_connection_is_guarded_from_its_first_statement(live: RecordingClient) -> None:
    """SQLAlchemy asks the server for its version as text, and only before the guard begins."""
    engine = make_engine(live.app.state.runtime.engine.url, pool_size=1)
    for _ in range(2):
        with engine.connect() as connection, pytest.raises(RefusedStatementError):
            connection.exec_driver_sql("SHOW transaction_isolation")
        engine.dispose()


def test_a_statement_is_examined_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    examined: list[Executable] = []
    monkeypatch.setattr("backend.database.guard.require_owner", examined.append)
    statement = select(tasks.c.id).where(owned(), tasks.c.id == bindparam("task_id", type_=None))
    with engine.connect() as connection:
        for number in (1, 2, 1):
            connection.execute(statement, {"owner": number, "task_id": 1})
    assert examined == [statement]
