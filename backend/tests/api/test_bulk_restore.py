"""Many tasks out of the trash at once: the undo of a bulk DELETE; and very many, in batches."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.services import lists
from backend.tests.support.contents import FILTERS, MANY
from backend.tests.support.databases import administer, settings_for
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface
from backend.tests.support.tags import revision_of, tag_of

REFUSED = ("deleted=true", "limit=1", "sort=title", "q=", "tag=", "completed=1", "id=1", "ids[]=1")


@pytest.fixture
def trashed(client: RecordingClient, surface: Surface) -> dict[str, dict[str, Any]]:
    """Tasks of many kinds in the trash, one that is not, and another owner's trash."""
    for owner in (1, 2):
        for title, content in MANY.items():
            client.request(**vars(surface.create(owner, title=title, **content)))
        assert client.delete(surface.tasks(owner)).status_code == 204
    client.request(**vars(surface.create(1, title="z", **MANY["c urgent"])))
    found = client.get(surface.tasks(1, "deleted=true")).json()
    return {task["title"]: task for task in found}


def titles(client: RecordingClient, url: str) -> str:
    """Their first letters."""
    return "".join(task["title"][0] for task in client.get(url).json())


@pytest.mark.requirement("FR-22")
@pytest.mark.parametrize("query", [*FILTERS, "tag=nowhere"])
def test_a_bulk_restore_takes_out_just_what_matches_each_with_a_number_of_its_own(
    client: RecordingClient, surface: Surface, trashed: dict[str, dict[str, Any]], query: str
) -> None:
    before = revision_of(client.get(surface.tasks(1)).headers["etag"])
    answer = client.post(surface.restore(1, query))
    expected = FILTERS.get(query, "")
    assert (answer.status_code, answer.json()) == (200, {"restored": len(expected)})
    assert titles(client, surface.tasks(1)) == f"{expected}z"
    rest = "".join(title[0] for title in trashed if title[0] not in expected)
    assert titles(client, surface.tasks(1, "deleted=true&sort=title")) == rest
    tasks = [task for task in client.get(surface.tasks(1)).json() if task["title"] != "z"]
    assert len({task["revision"] for task in tasks}) == len(tasks)
    for task in tasks:
        was = trashed[task["title"]]
        assert task["revision"] > before
        assert {**task, "revision": 0, "updated_at": ""} == {**was, "revision": 0, "updated_at": ""}


@pytest.mark.requirement("FR-22", "FR-23")
def test_a_bulk_restore_is_repeatable_and_the_second_changes_nothing(
    client: RecordingClient, surface: Surface, trashed: dict[str, dict[str, Any]]
) -> None:
    assert client.post(surface.restore(1)).json() == {"restored": len(trashed)}
    etag = client.get(surface.tasks(1)).headers["etag"]
    assert client.post(surface.restore(1)).json() == {"restored": 0}
    assert client.get(surface.tasks(1)).headers["etag"] == etag
    assert client.post(surface.restore(77)).json() == {"restored": 0}
    assert client.get(surface.tasks(77)).headers["etag"] == tag_of(0)


@pytest.mark.requirement("FR-22", "FR-10")
@pytest.mark.usefixtures("trashed")
def test_a_bulk_restore_leaves_other_owners_alone(
    client: RecordingClient, surface: Surface
) -> None:
    before = client.get(surface.tasks(2, "deleted=true")).text
    assert client.post(surface.restore(1)).is_success
    assert client.get(surface.tasks(2, "deleted=true")).text == before
    assert client.get(surface.tasks(2)).json() == []


@pytest.mark.requirement("FR-22", "FR-12")
@pytest.mark.usefixtures("trashed")
@pytest.mark.parametrize("query", REFUSED)
def test_a_bulk_restore_refuses_what_is_no_filter(
    client: RecordingClient, surface: Surface, query: str
) -> None:
    client.recorder.clear()
    answers = [
        client.post(surface.restore(1, query)),
        client.post(surface.restore(1), json={"ids": [1]}),
        client.post(surface.restore(1), headers={"If-Match": '"1"'}),
    ]
    for answer in answers:
        require_problem(answer, 400, "validation_error")
    assert client.recorder.statements == []


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(lists, "MAX_BATCH", 3)
    return 3


@pytest.mark.threat(60)
@pytest.mark.requirement("FR-19", "FR-22")
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6, 7, 10])
def test_very_many_go_and_come_in_batches(
    client: RecordingClient, surface: Surface, small_batches: int, number: int
) -> None:
    for _ in range(number):
        client.request(**vars(surface.create(1, title="x")))
    client.recorder.clear()
    assert client.delete(surface.tasks(1)).status_code == 204
    sent = [sql for sql, _ in client.recorder.statements if "SAVEPOINT" not in sql]
    assert len(sent) == number // small_batches + 1
    assert client.get(surface.tasks(1)).json() == []
    assert client.post(surface.restore(1)).json() == {"restored": number}
    tasks = client.get(surface.tasks(1)).json()
    assert len({task["revision"] for task in tasks}) == len(tasks) == number


@pytest.mark.threat(60)
@pytest.mark.requirement("FR-19", "FR-22")
@pytest.mark.parametrize("verb", ["delete", "restore"])
def test_what_the_deadline_cuts_short_says_how_far_it_came_and_goes_on(
    cluster: Cluster, fresh_database: URL, small_batches: int, verb: str
) -> None:
    name = fresh_database.database
    administer(cluster, f"ALTER DATABASE \"{name}\" SET lock_timeout = '100ms'")
    engine = create_engine(fresh_database, poolclass=NullPool)
    with TestClient(create_app(settings_for(fresh_database))) as client, engine.connect() as holder:
        ids = [client.post("/api/1/tasks", json={"title": "x"}).json()["id"] for _ in range(5)]
        method, url, result = "DELETE", "/api/1/tasks", "/api/1/tasks?deleted=true"
        if verb == "restore":
            assert client.delete(url).status_code == 204
            method, url, result = "POST", "/api/1/tasks/restore", "/api/1/tasks"
        holder.exec_driver_sql("SELECT 1 FROM tasks WHERE id = %s FOR UPDATE", (ids[-1],))
        problem = require_problem(client.request(method, url), 503, "timeout")
        assert f"{small_batches} tasks were done before that" in problem["detail"]
        assert [task["id"] for task in client.get(result).json()] == ids[:small_batches]
        holder.rollback()
        assert client.request(method, url).is_success
        assert [task["id"] for task in client.get(result).json()] == ids
