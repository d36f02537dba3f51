"""Every 503 leaves its reason in the log: once for each outage and reason, and no secret."""

import logging
from collections.abc import Iterator

import pytest
from alembic import command
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.config import Settings
from backend.database.execution import OwnedSession
from backend.database.retries import Attempts
from backend.dev.postgres.cluster import Cluster
from backend.errors import Unavailable
from backend.observability import incidents
from backend.runtime import make_runtime
from backend.services.tasks import TaskService
from backend.tests.support.databases import (
    NOWHERE,
    administer,
    alembic_config,
    settings_for,
)
from backend.tests.support.locks import locked
from backend.tests.support.reasons import reasons

pytestmark = pytest.mark.slow

SECRET = "hunter2secret"


@pytest.fixture(autouse=True)
def news(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No reason is known yet."""
    caplog.set_level(logging.WARNING)
    incidents.forget()
    yield
    incidents.forget()


@pytest.fixture
def unreachable() -> Settings:
    return settings_for(NOWHERE, retry_window=0)


@pytest.fixture
def missing(shared_database: URL) -> Settings:
    return settings_for(shared_database.set(database="no_such_database"), retry_window=0)


@pytest.fixture
def refused(cluster: Cluster, fresh_database: URL) -> Settings:
    """A login that the server does not know."""
    return settings_for(
        fresh_database.set(username="nobody_we_know", password=SECRET), retry_window=0
    )


@pytest.fixture
def unmigrated(fresh_database: URL) -> Settings:
    command.downgrade(alembic_config(fresh_database), "base")
    return settings_for(fresh_database)


@pytest.fixture
def slow(cluster: Cluster, fresh_database: URL) -> Iterator[Settings]:
    """A database whose tables are locked by somebody else."""
    timeout = "SET lock_timeout = '50ms'"
    administer(cluster, f'ALTER DATABASE "{fresh_database.database}" {timeout}')
    with locked(fresh_database):
        yield settings_for(fresh_database)


REASONS = {
    "unreachable": "database_unavailable: ",
    "missing": "database_unavailable: ",
    "refused": "database_unavailable: ",
    "unmigrated": "database_unavailable: ",
    "slow": "timeout: ",
}


@pytest.mark.requirement("NFR-22")
@pytest.mark.parametrize("outage", REASONS)
def test_an_outage_is_one_line_with_the_drivers_reason_and_no_secret(
    outage: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    settings: Settings = request.getfixturevalue(outage)
    with TestClient(create_app(settings)) as client:
        answers = [client.get("/api/1/tasks") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    [line] = reasons(caplog)
    assert line.startswith(REASONS[outage])
    reason = line.removeprefix(REASONS[outage])
    assert reason
    for answer in answers:
        assert reason not in answer.text
    assert SECRET not in caplog.text


@pytest.mark.requirement("NFR-22")
def test_a_reason_is_news_again_after_a_quiet_time_and_each_reason_is_its_own(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reason in ("a", "b", "a", "b"):
        incidents.report_once(reason)
    assert [one.getMessage() for one in caplog.records] == ["a", "b"]
    monkeypatch.setattr(incidents, "QUIET_PERIOD", 0.0)
    incidents.report_once("a")
    assert [one.getMessage() for one in caplog.records] == ["a", "b", "a"]


@pytest.mark.requirement("NFR-22")
def test_a_bounded_number_of_reasons_is_remembered(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(10 * incidents.MAX_REASONS):
        incidents.report_once(f"reason {number}")
    assert len(caplog.records) == 10 * incidents.MAX_REASONS
    incidents.report_once(f"reason {10 * incidents.MAX_REASONS - 1}")
    incidents.report_once("reason 0")
    assert caplog.records[-1].getMessage() == "reason 0", "which was forgotten"
    assert len(caplog.records) == 10 * incidents.MAX_REASONS + 1


@pytest.mark.requirement("NFR-22")
@pytest.mark.parametrize("outage", REASONS)
def test_no_error_is_its_own_cause(outage: str, request: pytest.FixtureRequest) -> None:
    settings: Settings = request.getfixturevalue(outage)
    runtime = make_runtime(settings)
    tasks = TaskService(OwnedSession(runtime.sessions(), 1, "/", Attempts()))
    with pytest.raises(Unavailable) as raised:
        tasks.read(1)
    runtime.dispose()
    for follow in ("__cause__", "__context__"):
        seen: list[BaseException] = []
        error: BaseException | None = raised.value
        while error is not None:
            assert not any(error is one for one in seen), follow
            seen.append(error)
            error = getattr(error, follow)
    assert raised.value.__cause__ is not None
    assert not isinstance(raised.value.__cause__, Unavailable), "the driver's own error is below"
