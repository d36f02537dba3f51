"""What a page of the feed reads, wherever it lies, with custom and with generic plans."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.copies import Copy
from backend.tests.support.databases import cloned, settings_for
from backend.tests.support.many_tasks import FILL
from backend.tests.support.plans import MODES, asks_owner, explained, read, scans
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("NFR-40")]

BIG, REVISION, PAGE = 1, 200_000, 100
POSITIONS = {"first": 0, "middle": 50_000, "late": 99_800, "nothing new": REVISION}


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, template: str) -> Iterator[tuple[RecordingClient, Engine]]:
    """An owner with very many tasks, every fiftieth in the trash; and the way past the guard.

    Half of the trash is one block, which a first sync must not walk through.
    """
    with cloned(cluster, template) as url, RecordingClient(create_app(settings_for(url))) as client:
        client.recorder = Recorder(client.app.state.runtime.engine)
        below = create_engine(url, poolclass=NullPool)
        with below.begin() as connection:
            connection.exec_driver_sql(FILL)
            connection.exec_driver_sql(
                "UPDATE tasks SET deleted_at = now() "
                "WHERE user_id = 1 AND id BETWEEN 20000 AND 49990"
            )
        with below.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE) tasks")
            connection.exec_driver_sql("ANALYZE task_lists")
        yield client, below


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("began", [None, REVISION], ids=["delta", "first sync"])
def test_a_page_reads_as_little_wherever_it_lies(
    loaded: tuple[RecordingClient, Engine], position: str, mode: str, began: int | None
) -> None:
    client, below = loaded
    since = POSITIONS[position]
    asked = {} if began is None or not since else {"began": began}
    answer = Api(client, PRIMARY, BIG).changes(since=since, limit=PAGE, **asked)
    assert answer.status_code == 200
    [(statement, values)] = client.recorder.sent
    found = scans(explained(below, mode, statement, values))
    of_tasks = [scan for scan in found if scan["Relation Name"] == "tasks"]
    assert of_tasks
    assert all(map(asks_owner, of_tasks))
    assert read(found) <= 2 * (PAGE + 1)
    if len(answer.json()["items"]) == PAGE:
        assert read(found) >= PAGE


def test_a_first_sync_of_very_many_tasks_meets_each_once(
    loaded: tuple[RecordingClient, Engine],
) -> None:
    client, below = loaded
    copy = Copy(Api(client, PRIMARY, BIG))
    copy.follow()
    with below.connect() as connection:
        live = "SELECT count(*) FROM tasks WHERE user_id = 1 AND deleted_at IS NULL"
        assert len(copy.tasks) == connection.exec_driver_sql(live).scalar_one()
    assert (copy.since, copy.expired) == (REVISION, 0)
