"""Statements are planned once for a connection, and nobody notices where that fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg2.extensions import cursor
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.prepared import MAX_PREPARED
from backend.observability import incidents
from backend.tests.support.api import Api
from backend.tests.support.below import beneath
from backend.tests.support.databases import LOGIN, POOLED, settings_for
from backend.tests.support.reasons import IN_THE_WAY, reasons
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import PRIMARY

pytestmark = pytest.mark.slow

KEYS = ("updated_at", "due", "priority", "order", "title", "completed", "created_at")
COUNT = "SELECT count(*) FROM pg_prepared_statements"


@contextmanager
def serving(url: URL, **settings: object) -> Iterator[Api]:
    """The service with one connection, past any pooler."""
    direct = url.set(username=LOGIN)
    app = create_app(settings_for(direct, pool_size=1, verify_after=3600, **settings))
    with RecordingClient(app) as client:
        client.recorder = Recorder(app.state.runtime.engine)
        yield Api(client, PRIMARY)


@contextmanager
def below(api: Api) -> Iterator[Connection]:
    """The service's connection, past the guard."""
    with api.client.app.state.runtime.engine.connect() as connection:
        yield beneath(connection)


def prepared(api: Api) -> int:
    with below(api) as connection:
        return int(connection.exec_driver_sql(COUNT).scalar_one())


@pytest.mark.requirement("NFR-50")
def test_what_is_sent_again_is_prepared_once(database: URL) -> None:
    with serving(database) as api:
        task = api.made()
        before = prepared(api)
        for _ in range(4):
            assert api.read(task["id"]).json() == task
        assert prepared(api) == before + 1


@pytest.mark.requirement("NFR-50")
def test_a_setting_turns_it_off(database: URL) -> None:
    with serving(database, prepare_statements=False) as api:
        for _ in range(3):
            api.made()
        assert prepared(api) == 0


@pytest.mark.requirement("NFR-50", "NFR-30")
@pytest.mark.threat(66)
def test_a_connection_keeps_a_bounded_number_of_them(database: URL) -> None:
    with serving(database) as api:
        for number in range(MAX_PREPARED + 5):
            signs = ["-" if number >> bit & 1 else "" for bit, _ in enumerate(KEYS)]
            query = "sort=" + ",".join(map(str.__add__, signs, KEYS))
            assert [api.list(query).status_code for _ in range(2)] == [200, 200]
        assert prepared(api) == MAX_PREPARED


def discard(connection: Connection) -> None:
    connection.exec_driver_sql("DISCARD ALL")


def prepare_all(connection: Connection) -> None:
    """As a pooler's other client has it, on the server connection that comes next."""
    names = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars()
    statements = list(names)
    discard(connection)
    driver: Any = connection.connection.driver_connection
    for statement in statements:
        preparation, _, _ = statement.partition(";EXECUTE")
        cursor(driver).execute(preparation)


@pytest.mark.requirement("NFR-50")
@pytest.mark.parametrize("fault", [discard, prepare_all])
def test_behind_a_pooler_every_request_is_served(
    database: URL, fault: Callable[[Connection], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Creates and toggles, too, which are not repeatable: nothing ran where it was not prepared."""
    incidents.forget()
    with serving(database) as api:
        task = api.made()
        requests = [api.every(task["id"])[name] for name in ("list", "read", "create", "toggle")]
        assert all(api.send(request).is_success for request in requests * 2)
        for request in requests:
            with below(api) as connection:
                fault(connection)
            assert api.send(request).is_success
        found = api.list().json()
    assert (len(found), found[0]["completed"]) == (4, True)
    given_up = [IN_THE_WAY] if fault is discard else []
    assert reasons(caplog) == ([] if POOLED else given_up)
    assert {*given_up} <= {*caplog.messages}


@pytest.mark.requirement("NFR-50")
def test_a_failure_of_the_first_execution_is_no_failure_of_the_next(database: URL) -> None:
    """It leaves the statement prepared, which only the next attempt finds out."""
    with serving(database) as api:
        task = api.made(due_date="2026-12-01")
        for _ in range(3):
            answer = api.patch(task["id"], due_at="2026-12-02T00:00:00Z")
            assert answer.status_code == 409
        assert api.patch(task["id"], title="new").json()["title"] == "new"


@pytest.mark.requirement("NFR-50")
def test_a_migration_under_a_prepared_statement_costs_no_request(fresh_database: URL) -> None:
    with serving(fresh_database) as api:
        task = api.made()
        for _ in range(3):
            assert api.read(task["id"]).is_success
        migrator = create_engine(fresh_database, poolclass=NullPool)
        with migrator.begin() as connection:
            connection.execute(text("ALTER TABLE tasks ALTER revision TYPE numeric"))
        assert api.read(task["id"]).json()["title"] == task["title"]
