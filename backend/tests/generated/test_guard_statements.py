"""Random statements: what the guard accepts neither sees nor changes another owner's rows.

The suite tries the same statements each time. More of them: `GUARD_STATEMENTS=20000`.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from backend.database.guard import RefusedStatementError, require_owner
from backend.tests.support.below import rows
from backend.tests.support.random_statements import statements

pytestmark = [pytest.mark.slow, pytest.mark.threat(65), pytest.mark.requirement("NFR-26")]

MINE, THEIRS = 1, 2
EXAMPLES = int(os.environ.get("GUARD_STATEMENTS", "100"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="GUARD_STATEMENTS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
FILL = """
INSERT INTO task_lists (user_id, revision, changed_at) VALUES ({0}, {1}7, now());
INSERT INTO tasks (user_id, id, title, completed, priority, tags, revision, created_at, updated_at)
SELECT {0}, id, 'of {0}', false, 0, '{{}}', {1}5, now(), now() FROM generate_series(1, 2) AS id;
INSERT INTO idempotency_keys (user_id, key, fingerprint, expires_at, task_id, revision, created_at)
SELECT {0}, id, '', now(), 1, {1}9, now() FROM generate_series(1, 2) AS id;
"""
"""Two tasks and two keys; those of another owner have other numbers, and more of them."""


class Effect(NamedTuple):
    """What a statement answers, or the error's code, and what the owners have afterwards."""

    answer: Any
    mine: list[str]
    theirs: list[str]


@pytest.fixture(scope="module")
def connection(committed_database: URL) -> Iterator[Connection]:
    """The migrator's connection, past the guard; each test rolls back."""
    engine = create_engine(committed_database, poolclass=NullPool, enable_from_linting=False)
    with engine.connect() as connection:
        yield connection


def effect(connection: Connection, statement: Any) -> Effect:
    """Execute for MINE, look, and take it back."""
    with connection.begin_nested() as savepoint:
        try:
            with connection.begin_nested():
                found = connection.execute(statement, {"owner": MINE})
                answer: Any = sorted(map(repr, found))
        except DBAPIError as error:
            answer = getattr(error.orig, "pgcode", None)
        seen = Effect(answer, rows(connection, MINE), rows(connection, THEIRS))
        savepoint.rollback()
    return seen


def require_apart(connection: Connection, statement: Any) -> Effect:
    """Fail unless the statement does the same whether another owner has rows or not."""
    with connection.begin() as transaction:
        connection.exec_driver_sql(FILL.format(MINE, ""))
        alone = effect(connection, statement)
        connection.exec_driver_sql(FILL.format(THEIRS, "1"))
        theirs = rows(connection, THEIRS)
        together = effect(connection, statement)
        assert together == Effect(alone.answer, alone.mine, theirs)
        transaction.rollback()
    return alone


def is_accepted(statement: Any) -> bool:
    try:
        require_owner(statement)
    except RefusedStatementError:
        return False
    return True


def test_what_names_its_owner_everywhere_is_accepted_and_keeps_owners_apart(
    connection: Connection,
) -> None:
    seen: Counter[str] = Counter()

    @SETTINGS
    @given(statements(may_be_flawed=False))
    def check(drawn: tuple[Any, list[str]]) -> None:
        statement, _ = drawn
        require_owner(statement)
        done = require_apart(connection, statement)
        seen["failed" if isinstance(done.answer, str) else "answered"] += 1
        seen["with rows"] += bool(isinstance(done.answer, list) and done.answer)

    check()
    assert seen["answered"] > 50 * seen["failed"]
    assert seen["with rows"] > seen["answered"] / 4


def test_what_leaves_out_one_owner_is_refused(connection: Connection) -> None:
    """Were it not, the statement would show whether the other owner's rows matter."""
    seen: Counter[str] = Counter()

    @SETTINGS
    @given(statements(may_be_flawed=True))
    def check(drawn: tuple[Any, list[str]]) -> None:
        statement, flaws = drawn
        if is_accepted(statement):
            require_apart(connection, statement)
            assert flaws == []
        seen.update(flaws or ["flawless"])

    check()
    assert len(seen) >= 10
