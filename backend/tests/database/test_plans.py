"""What the statements read, asked of the database itself: no plan goes beyond the owner's tasks."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from backend.app import create_app
from backend.database.guard import approved
from backend.dev.postgres.cluster import Cluster
from backend.queries import bulk, cursor
from backend.queries.filters import Filters
from backend.services.lists import MAX_BATCH
from backend.tests.support.api import Api
from backend.tests.support.databases import cloned, settings_for
from backend.tests.support.many_tasks import FILL
from backend.tests.support.plans import Scan, explained, nodes, read, scans
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import PRIMARY, VERBS, Request

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

BIG, MANY = 1, 100_000
SMALL, FEW = 3, 1_000
"""The owner of most tasks and one of twenty others; how many they have, the trash included."""

NO_FILTERS = Filters({}, "UTC")
FILTERS = {
    "completed": "completed=true",
    "priority": "priority=high&priority=low",
    "tag": "tag=tag1",
    "q": "q=TASK%2099",
    "due_from": "due_from=2026-06-01",
    "due_to": "due_to=2026-06-01&time_zone=Europe/Berlin",
    "updated_since": "updated_since=2026-02-01T00:00:00Z",
    "deleted": "deleted=true",
    "overdue": "overdue=true&time_zone=Europe/Berlin",
    "untagged": "untagged=true",
    "without_tag": "without_tag=tag1&without_tag=tag2",
    "completed_since": "completed_since=2026-02-01T00:00:00Z",
    "all": "completed=false&priority=none&tag=tag1&q=9&due_from=2026-01-01&due_to=2026-12-31",
}
KEYS = ("created_at", "updated_at", "due", "priority", "order", "title", "completed")
SORTS = [f"sort={sign}{key}" for key in KEYS for sign in ("", "-")]
LISTS = {
    "plain": "",
    **FILTERS,
    **{sort: sort for sort in SORTS},
    "several keys": "sort=completed,-due,title",
}


class Planner(RecordingClient):
    """A client whose statements are planned for their values, or once for any."""

    mode: str
    below: Engine
    """The database, past the guard and past any pooler."""


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: str) -> Iterator[Planner]:
    """The service on one owner with very many tasks and twenty with some."""
    with cloned(cluster, template) as url, Planner(create_app(settings_for(url))) as client:
        client.recorder = Recorder(client.app.state.runtime.engine)
        client.below = create_engine(url, poolclass=NullPool)
        owner = client.below.execution_options(isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            connection.exec_driver_sql(FILL)
            connection.exec_driver_sql("VACUUM (ANALYZE) tasks")
            # No other one: after an update of all that is undone again, its indexes stay large,
            # and what PostgreSQL then chooses would depend on the time.
            connection.exec_driver_sql("ALTER TABLE tasks SET (autovacuum_enabled = off)")
            connection.exec_driver_sql("ANALYZE task_lists")
        yield client


@pytest.fixture(params=["force_custom_plan", "force_generic_plan"])
def loaded(filled: Planner, request: pytest.FixtureRequest) -> Planner:
    """The same, with each way in which PostgreSQL plans a prepared statement."""
    filled.mode = request.param
    return filled


def plan(
    client: Planner,
    request: Request,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **instead: object,
) -> list[Scan]:
    """The scans of the one statement that a request sends; `instead` replaces parameters."""
    response = Api(client, PRIMARY).send(request, headers)
    assert response.status_code == status, response.text
    [(statement, parameters)] = client.recorder.sent
    return scans(explained(client.below, client.mode, statement, {**parameters, **instead}))


def of_tasks(scan: Scan) -> bool:
    return bool(scan["Relation Name"] == "tasks")


def listing(owner: int, query: str) -> Request:
    return Request("GET", PRIMARY.tasks(owner, query))


def conditions(scan: Scan) -> list[str]:
    """What a scan asks an index; a bitmap's conditions are below it."""
    below = [text for child in scan.get("Plans", []) for text in conditions(child)]
    return [scan["Index Cond"], *below] if "Index Cond" in scan else below


def require_owned(found: list[Scan], owner: int) -> None:
    """Fail unless each scan of tasks goes by an index and names the owner to it."""
    of_table = list(filter(of_tasks, found))
    assert of_table
    for scan in of_table:
        asked = conditions(scan)
        assert asked, scan
        names = (f"user_id = '{owner}'", f"user_id = {owner}", "user_id = $")
        assert all(any(name in text for name in names) for text in asked)


def cursor_in(sort: str, *position: object) -> str:
    """A cursor of the big owner's list, as the service would give it."""
    return cursor.encode(f"{BIG}\n{NO_FILTERS.identity}\n{sort}", position)


def near_the_end(client: Planner) -> dict[str, str]:
    """For each sort that an index serves, the query of a page that ends the list."""
    oldest = client.get(PRIMARY.tasks(BIG, "limit=60")).json()[-1]
    newest = client.get(PRIMARY.tasks(BIG, "limit=60&sort=-created_at")).json()[-1]
    without = "user_id = 1 AND deleted_at IS NULL AND due_at IS NULL AND due_date IS NULL"
    with client.below.connect() as connection:
        never_due = connection.exec_driver_sql(
            f"SELECT id FROM tasks WHERE {without} ORDER BY id DESC OFFSET 59 LIMIT 1"
        ).scalar_one()
    return {
        "created_at": cursor_in(
            "created_at", datetime.fromisoformat(newest["created_at"]), newest["id"]
        ),
        "-created_at": cursor_in(
            "-created_at", datetime.fromisoformat(oldest["created_at"]), oldest["id"]
        ),
        "due": cursor_in("due", None, never_due),
    }


@pytest.mark.requirement("FR-16", "NFR-12")
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "due"])
def test_the_last_page_reads_as_little_as_the_first(loaded: Planner, sort: str) -> None:
    query = f"sort={sort}&limit=50"
    first = read(plan(loaded, listing(BIG, query)))
    page = listing(BIG, f"{query}&cursor={near_the_end(loaded)[sort]}")
    last = read(plan(loaded, page))
    assert len(loaded.get(page.url).json()) == 50
    assert 50 <= min(first, last) <= max(first, last) <= 70


@pytest.mark.requirement("FR-10", "FR-16")
@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_a_list_reads_its_owners_tasks_alone(loaded: Planner, query: str) -> None:
    found = plan(loaded, listing(SMALL, f"{query}&limit=50".lstrip("&")))
    require_owned(found, SMALL)
    assert read(found) <= FEW + 1


@pytest.mark.requirement("FR-16")
def test_a_counted_list_reads_its_owners_tasks_twice_at_most(loaded: Planner) -> None:
    for query in ("count=true", "count=true&completed=true&sort=title"):
        found = plan(loaded, listing(SMALL, query))
        require_owned(found, SMALL)
        assert read(found) <= 2 * FEW + 1


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("query", FILTERS.values(), ids=FILTERS)
def test_a_list_reads_no_task_more_than_its_owner_has_even_of_very_many(
    loaded: Planner, query: str
) -> None:
    found = plan(loaded, listing(BIG, f"{query}&limit=50"))
    require_owned(found, BIG)
    assert read(found) <= MANY + 1


@pytest.mark.requirement("FR-17")
@pytest.mark.parametrize("query", ["", "count=true&sort=-due,title&q=9", "deleted=true"])
@pytest.mark.parametrize("tags", ['"200000-1"', 'W/"1-1", W/"200000-1"', "*"])
def test_a_list_that_the_client_has_reads_no_task(loaded: Planner, query: str, tags: str) -> None:
    found = plan(loaded, listing(BIG, query), 304, {"If-None-Match": tags})
    loops = [scan["Actual Loops"] for scan in found if of_tasks(scan)]
    assert set(loops) <= {0}
    assert loops or tags == "*"


@pytest.mark.requirement("FR-10", "FR-17")
@pytest.mark.parametrize("header", [{}, {"If-Match": "*"}, {"If-Match": '"1"'}], ids=str)
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "head"])
def test_a_request_for_one_task_reads_that_task(
    loaded: Planner, verb: str, header: dict[str, str]
) -> None:
    """What was sent for a task that is not there is explained for one that is."""
    missing = PRIMARY.verbs(BIG, 10**15)[verb]
    found = plan(loaded, missing, 404, header, task_id=77_777)
    require_owned(found, BIG)
    assert 1 <= read(found) <= 5


@pytest.mark.requirement("FR-10", "FR-18")
def test_a_create_reads_no_task(loaded: Planner) -> None:
    create = PRIMARY.create(4, title="x")
    assert read(plan(loaded, create, 201)) == 0
    key = {"Idempotency-Key": "k"}
    first = plan(loaded, create, 201, key, key="other")
    replayed = plan(loaded, create, 201, key)
    assert [read(first), read(replayed)] == [0, 0]
    assert [read(found, "idempotency_keys") for found in (first, replayed)] == [0, 1]


@pytest.mark.requirement("FR-10", "FR-19")
@pytest.mark.parametrize(
    "query", ["", *(query for name, query in FILTERS.items() if name != "deleted")]
)
def test_a_bulk_trash_reads_its_owners_tasks_alone(loaded: Planner, query: str) -> None:
    """Of an owner without tasks, explained for one with some; once to find, once to write."""
    request = Request("DELETE", PRIMARY.tasks(99, query))
    found = plan(loaded, request, 204, owner=SMALL)
    require_owned(found, SMALL)
    assert read(found) <= 2 * FEW + 1


@pytest.mark.requirement("FR-19", "FR-22")
@pytest.mark.threat(60)
def test_a_batch_reads_each_task_twice_at_most_where_nobody_expects_one(loaded: Planner) -> None:
    """Right after a bulk DELETE the statistics say that the trash is empty."""
    restore = approved(bulk.moving(frozenset({"deleted"})))
    values = {"owner": BIG, "after_id": 0, "batch": MAX_BATCH}
    trashed = "UPDATE tasks SET deleted_at = now() WHERE user_id = 1"
    found = nodes(explained(loaded.below, loaded.mode, restore, values, before=trashed))
    counts = [node["Actual Loops"] * node["Actual Rows"] for node in found]
    assert MAX_BATCH <= max(counts) <= 2 * MANY
