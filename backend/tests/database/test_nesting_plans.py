"""What repeating, sub-tasks and moving read, with custom and with generic plans.

The statistics are of a time when no task had sub-tasks, and none was followed.
"""

from collections.abc import Callable, Iterator
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

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

BIG, SMALL, FEW = 1, 3, 1_000
"""An owner of very many tasks, and one of few."""

PARENT, SERIES, PLAIN = 50, range(1_000, 1_200), range(40_000, 40_200)
FAMILIES = f"""
UPDATE tasks SET deleted_at = NULL, parent_id = NULL WHERE user_id = {BIG};
UPDATE tasks SET parent_id = {PARENT} WHERE user_id = {BIG} AND id BETWEEN 60 AND 63;
UPDATE tasks SET parent_id = 60000 + id, repeat = 'FREQ=DAILY', completed = false,
    completed_at = NULL, repeat_of = 70000 + id WHERE user_id = {BIG} AND id BETWEEN 1000 AND 30000;
"""
Loaded = tuple[RecordingClient, Engine]


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, template: str) -> Iterator[Loaded]:
    with cloned(cluster, template) as url, RecordingClient(create_app(settings_for(url))) as client:
        client.recorder = Recorder(client.app.state.runtime.engine)
        below = create_engine(url, poolclass=NullPool)
        for filling in (f"{FILL}; ANALYZE", FAMILIES):
            with below.begin() as connection:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql(filling)
        yield client, below


def most_read(loaded: Loaded, answer: Any, mode: str) -> int:
    """Of a request, by the statement that looks at the most tasks; each asks for its owner's."""
    assert answer.is_success, answer.text
    client, below = loaded
    numbers = []
    for statement, values in client.recorder.sent:
        found = scans(explained(below, mode, statement, values))
        of_tasks = [scan for scan in found if scan["Relation Name"] == "tasks"]
        assert all(map(asks_owner, of_tasks)), answer.request
        numbers.append(read(found))
    return max(numbers)


def move(api: Api, task: int, **where: int) -> Any:
    return api.client.post(api.task(task, "/move"), json=where)


KEY = {"Idempotency-Key": "k"}
SINGLE: tuple[Callable[[Api], Any], ...] = (
    lambda api: api.create(title="x", parent_id=PARENT),
    lambda api: api.create(title="x", parent_id=PARENT, headers=KEY),
    lambda api: api.patch(40_777, parent_id=PARENT),
    lambda api: api.patch(40_777, parent_id=None),
    lambda api: api.client.get(api.task(1_001, "/occurrences")),
    lambda api: api.complete(1_001),
    lambda api: api.toggle(1_002),
    lambda api: api.patch(1_003, completed=True, parent_id=PARENT),
    lambda api: api.delete(PARENT),
    lambda api: api.restore(PARENT),
)


@pytest.mark.requirement("NFR-12", "NFR-58")
@pytest.mark.parametrize("mode", MODES)
def test_a_request_for_one_task_reads_it_and_its_family(loaded: Loaded, mode: str) -> None:
    api = Api(loaded[0], PRIMARY, BIG)
    assert max(most_read(loaded, request(api), mode) for request in SINGLE) <= 20


BATCHES: dict[str, Callable[[int], dict[str, Any]]] = {
    "no parents": lambda n: {"op": "update", "id": PLAIN[n], "changes": {"parent_id": None}},
    "other fields": lambda n: {"op": "update", "id": PLAIN[n], "changes": {"order": n}},
    "a parent": lambda n: {"op": "update", "id": 41_000 + n, "changes": {"parent_id": PARENT}},
    "completed series": lambda n: {"op": "complete", "id": SERIES[n], "completed": True},
    "deleted": lambda n: {"op": "delete", "id": 61_000 + n},
    "new sub-tasks": lambda n: {"op": "create", "task": {"title": "x", "parent_id": PARENT}},
}


@pytest.mark.requirement("FR-42", "NFR-12", "NFR-58")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", BATCHES)
def test_a_batch_reads_what_it_names_and_their_families(
    loaded: Loaded, kind: str, mode: str
) -> None:
    api = Api(loaded[0], PRIMARY, BIG)
    for number in (1, 100):
        operations = [BATCHES[kind](n) for n in range(number)]
        assert most_read(loaded, api.batch(*operations, query="dry_run=true"), mode) <= 4 * number


@pytest.mark.requirement("FR-73", "NFR-12")
@pytest.mark.parametrize("mode", MODES)
def test_the_sub_tasks_of_a_task_are_found_by_an_index(loaded: Loaded, mode: str) -> None:
    api = Api(loaded[0], PRIMARY, BIG)
    assert most_read(loaded, api.list(parent=PARENT), mode) <= 20
    assert most_read(loaded, api.list("parent=none&limit=50"), mode) <= 51 * 2
    child = 1_500 + MODES.index(mode)
    assert most_read(loaded, api.delete_all(parent=60_000 + child), mode) <= 50


@pytest.mark.requirement("FR-74", "NFR-59")
@pytest.mark.parametrize("mode", MODES)
def test_a_move_reads_the_list_of_its_owner_a_few_times(loaded: Loaded, mode: str) -> None:
    """There is no index of `order`: a list is small (decision 19)."""
    api, [first, second, *_, last] = Api(loaded[0], PRIMARY, SMALL), range(100_021, 120_000, 20)
    assert most_read(loaded, move(api, first, before=last), mode) <= 2 * FEW
    for order in (7, 8):
        api.patch(first, order=order)
        api.patch(second, order=8)
    assert most_read(loaded, move(api, last, after=first), mode) <= 4 * FEW
