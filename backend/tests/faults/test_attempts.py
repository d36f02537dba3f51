"""What is said of several attempts at one statement."""

from collections.abc import Iterator

import pytest
from psycopg2 import errorcodes
from psycopg2.extensions import cursor
from sqlalchemy.engine import URL
from sqlmodel import Session

from backend.database.cursors import GuardedConnection
from backend.database.engine import make_engine
from backend.database.retries import Attempts
from backend.errors import TimedOut, Unavailable
from backend.observability import incidents
from backend.observability.cells import CELLS
from backend.observability.metrics import RETRIES

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'no luck' USING ERRCODE = '{}'; END $$"


def fail_with(database: URL, *states: str) -> tuple[str, Attempts]:
    """A repeatable statement whose attempts fail with these in turn: what is told at the end."""
    left: Iterator[str] = iter(states)
    attempts = Attempts(retry_window=3)

    def execute(connection: GuardedConnection) -> None:
        cursor(connection).execute(RAISE.format(next(left)))

    engine = make_engine(database, pool_size=1)
    with Session(engine) as session, pytest.raises(Unavailable) as error:
        attempts.make(execute, session, is_repeatable=True)
    engine.dispose()
    assert next(left, None) is None, "each was made"
    return str(error.value), attempts


@pytest.mark.requirement("NFR-27", "NFR-09", "FR-65")
@pytest.mark.threat(41)
def test_nothing_was_done_only_if_no_attempt_did_anything(database: URL) -> None:
    for states, outcome, has_repeated in (
        ((errorcodes.DISK_FULL,), "Nothing was done", False),
        ((errorcodes.DEADLOCK_DETECTED, errorcodes.DISK_FULL), "Nothing was done", False),
        ((errorcodes.ADMIN_SHUTDOWN, errorcodes.DISK_FULL), "outcome is unknown", True),
        ((errorcodes.ADMIN_SHUTDOWN, errorcodes.QUERY_CANCELED), "outcome is unknown", True),
    ):
        retries = RETRIES.totals(CELLS.rows())[""]
        told, attempts = fail_with(database, *states)
        assert RETRIES.totals(CELLS.rows())[""] == retries + len(states) - 1
        assert outcome in told, states
        assert attempts.has_repeated is has_repeated, states


@pytest.mark.requirement("NFR-27", "FR-51")
def test_a_request_whose_time_is_over_does_not_blame_the_database() -> None:
    with pytest.raises(TimedOut, match="it waited in line, or its file took long"):
        Attempts(until=0).make(lambda connection: None, Session(), is_repeatable=True)


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
@pytest.mark.parametrize("secret", ["hunter2secret", "p@ss/w%rd", "abc"])
def test_no_reason_holds_a_password(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setattr(incidents, "_secrets", {})
    incidents.forget()
    incidents.keep_secret(secret, None)
    incidents.report_once(f'unavailable: host "{secret}" of postgresql://u:{secret}@h, abcd')
    [record] = caplog.records
    assert record.getMessage() == 'unavailable: host "***" of postgresql://u:***@h, abcd'


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
def test_a_second_outage_is_told_of_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    incidents.forget()
    for _ in range(3):
        incidents.report_once("away")
    assert len(caplog.records) == 1
    monkeypatch.setattr(incidents, "MIN_PERIOD", 0.0)
    incidents.note_recovery()
    for _ in range(3):
        incidents.report_once("away")
    assert len(caplog.records) == 2
