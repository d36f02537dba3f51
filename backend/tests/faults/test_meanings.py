"""Each SQLSTATE that a database gives has a meaning: what is told, and what is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from psycopg2 import errorcodes
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL

from backend.api import error_handlers
from backend.app import create_app
from backend.observability import incidents
from backend.tests.support.databases import settings_for
from backend.tests.support.problems import require_problem
from backend.tests.support.reasons import reasons
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

pytestmark = pytest.mark.slow

UNDONE = "Nothing was done"
UNKNOWN = "outcome is unknown"
SECRET = "the content of a row"
MEANINGS = {
    errorcodes.READ_ONLY_SQL_TRANSACTION: ("database_unavailable", UNDONE),
    errorcodes.DISK_FULL: ("database_unavailable", UNDONE),
    errorcodes.OUT_OF_MEMORY: ("database_unavailable", UNDONE),
    errorcodes.CONFIGURATION_LIMIT_EXCEEDED: ("database_unavailable", UNDONE),
    errorcodes.TOO_MANY_CONNECTIONS: ("database_unavailable", UNDONE),
    errorcodes.CANNOT_CONNECT_NOW: ("database_unavailable", UNDONE),
    errorcodes.INVALID_PASSWORD: ("database_unavailable", UNDONE),
    errorcodes.INVALID_CATALOG_NAME: ("database_unavailable", UNDONE),
    errorcodes.IN_FAILED_SQL_TRANSACTION: ("database_unavailable", UNDONE),
    errorcodes.IO_ERROR: ("database_unavailable", UNDONE),
    errorcodes.UNDEFINED_FILE: ("database_unavailable", UNDONE),
    errorcodes.DATA_CORRUPTED: ("database_unavailable", UNDONE),
    errorcodes.INSUFFICIENT_PRIVILEGE: ("database_unavailable", UNDONE),
    errorcodes.UNDEFINED_TABLE: ("database_unavailable", UNDONE),
    errorcodes.INVALID_SCHEMA_NAME: ("database_unavailable", UNDONE),
    errorcodes.ADMIN_SHUTDOWN: ("database_unavailable", UNKNOWN),
    errorcodes.CRASH_SHUTDOWN: ("database_unavailable", UNKNOWN),
    errorcodes.DATABASE_DROPPED: ("database_unavailable", UNKNOWN),
    errorcodes.IDLE_SESSION_TIMEOUT: ("database_unavailable", UNKNOWN),
    errorcodes.IDLE_IN_TRANSACTION_SESSION_TIMEOUT: ("database_unavailable", UNKNOWN),
    errorcodes.CONNECTION_FAILURE: ("database_unavailable", UNKNOWN),
    errorcodes.PROTOCOL_VIOLATION: ("database_unavailable", UNKNOWN),
    errorcodes.STATEMENT_COMPLETION_UNKNOWN: ("database_unavailable", UNKNOWN),
    errorcodes.SERIALIZATION_FAILURE: ("overloaded", UNDONE),
    errorcodes.DEADLOCK_DETECTED: ("overloaded", UNDONE),
    errorcodes.QUERY_CANCELED: ("timeout", "nothing was changed"),
    errorcodes.LOCK_NOT_AVAILABLE: ("timeout", "nothing was changed"),
}
FAIL = """
CREATE SEQUENCE failures;
GRANT USAGE ON failures TO PUBLIC;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('failures') <= {times} THEN
        RAISE EXCEPTION 'no luck' USING ERRCODE = '{state}', DETAIL = '{secret}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION fail();
"""
MEND = "DROP TRIGGER fail ON tasks; DROP FUNCTION fail; DROP SEQUENCE failures"


@contextmanager
def failing(url: URL, state: str, times: int = 1_000_000) -> Iterator[None]:
    """A database whose creates fail with this SQLSTATE, so many times."""
    below = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with below.connect() as connection:
        connection.execute(text(FAIL.format(state=state, times=times, secret=SECRET)))
    try:
        yield
    finally:
        with below.connect() as connection:
            connection.execute(text(MEND))


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(41, 42)
@pytest.mark.parametrize("state", MEANINGS, ids=errorcodes.lookup)
def test_an_answer_says_whether_anything_was_done_and_the_log_says_why(
    live: RecordingClient,
    database: URL,
    surface: Surface,
    caplog: pytest.LogCaptureFixture,
    state: str,
) -> None:
    incidents.forget()
    code, outcome = MEANINGS[state]
    with failing(database, state):
        answer = live.request(**vars(surface.create(1, title="x")))
    problem = require_problem(answer, 503, code)
    assert outcome in problem["detail"]
    assert 1 <= int(answer.headers["retry-after"]) <= 3
    for unsaid in ("no luck", SECRET, state):
        assert unsaid not in answer.text
    assert reasons(caplog) == [f"{code}: no luck"]
    assert live.request(**vars(surface.create(1, title="y"))).status_code == 201


@pytest.mark.requirement("NFR-27", "NFR-09")
@pytest.mark.threat(41)
@pytest.mark.parametrize(
    "state",
    [
        errorcodes.READ_ONLY_SQL_TRANSACTION,
        errorcodes.IN_FAILED_SQL_TRANSACTION,
        errorcodes.CANNOT_CONNECT_NOW,
        errorcodes.SERIALIZATION_FAILURE,
        errorcodes.DEADLOCK_DETECTED,
    ],
    ids=errorcodes.lookup,
)
def test_what_was_undone_and_may_pass_is_tried_again_whatever_it_is(
    database: URL, surface: Surface, state: str
) -> None:
    """A create without a key, which is never repeated where its outcome is unknown."""
    with (
        failing(database, state, times=1),
        TestClient(create_app(settings_for(database, retry_window=3))) as client,
    ):
        answer = client.request(**vars(surface.create(1, title="once")))
        listed = client.get(surface.tasks(1))
    assert answer.status_code == 201
    assert [task["title"] for task in listed.json()] == ["once"]


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
def test_no_error_is_its_own_cause(
    live: RecordingClient, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain of causes with a circle in it is a trace without an end."""
    raised: list[BaseException] = []
    rendered = error_handlers.problem_response

    def remember(error: BaseException, *rest: object) -> object:
        raised.append(error)
        return rendered(error, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(error_handlers, "problem_response", remember)
    for state in MEANINGS:
        with failing(database, state):
            live.post("/api/1/tasks", json={"title": "x"})
    assert len(raised) == len(MEANINGS)
    for error in raised:
        seen: set[int] = set()
        cause: BaseException | None = error
        while cause is not None:
            assert id(cause) not in seen
            seen.add(id(cause))
            cause = cause.__cause__
        assert len(seen) == 2, "ours, the driver's"
