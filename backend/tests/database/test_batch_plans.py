"""What a batch and a summary read, with custom and with generic plans."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.databases import cloned, settings_for
from backend.tests.support.many_tasks import FILL
from backend.tests.support.plans import MODES, asks_owner, explained, read, scans
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-42", "NFR-12")]


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, template: str) -> Iterator[tuple[RecordingClient, Engine]]:
    with cloned(cluster, template) as url, RecordingClient(create_app(settings_for(url))) as client:
        client.recorder = Recorder(client.app.state.runtime.engine)
        below = create_engine(url, poolclass=NullPool)
        with below.begin() as connection:
            connection.exec_driver_sql(FILL)
            connection.exec_driver_sql("ANALYZE")
        yield client, below


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("has_key", [False, True], ids=["", "with a key"])
@pytest.mark.parametrize("number", [1, 49])
def test_a_batch_reads_the_tasks_that_it_names(
    loaded: tuple[RecordingClient, Engine], number: int, mode: str, has_key: bool
) -> None:
    client, below = loaded
    operations: list[Any] = [
        {"op": "update", "id": 77_700 + n, "changes": {"order": n}} for n in range(number)
    ]
    operations += [{"op": "create", "task": {"title": "x"}} for _ in range(number)]
    operations.append({"op": "delete", "id": 10**15})  # so that nothing is written
    headers = {"Idempotency-Key": "k"} if has_key else {}
    assert Api(client, PRIMARY).batch(*operations, headers=headers).status_code == 404
    [(statement, values)] = client.recorder.sent
    ids = [7 if task_id == 10**15 else task_id for task_id in values["op_task_id"]]
    found = scans(explained(below, mode, statement, {**values, "op_task_id": ids}))
    of_tasks = [scan for scan in found if scan["Relation Name"] == "tasks"]
    assert of_tasks
    assert all(map(asks_owner, of_tasks))
    named = number + 1
    assert named <= read(found) <= 2 * named  # found, and written
    assert read(found, "idempotency_keys") == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_summary_reads_its_owners_tasks_and_none_for_who_has_it(
    loaded: tuple[RecordingClient, Engine], mode: str
) -> None:
    client, below = loaded
    api = Api(client, PRIMARY, 3)
    first = api.summary()
    [(statement, values)] = client.recorder.sent
    found = scans(explained(below, mode, statement, values))
    of_tasks = [scan for scan in found if scan["Relation Name"] == "tasks"]
    assert all(map(asks_owner, of_tasks))
    assert read(found) <= 2 * 1_000
    assert api.summary({"If-None-Match": first.headers["etag"]}).status_code == 304
    [(statement, values)] = client.recorder.sent
    found = scans(explained(below, mode, statement, values))
    assert {scan["Actual Loops"] for scan in found if scan["Relation Name"] == "tasks"} <= {0}
