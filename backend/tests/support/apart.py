"""Steps of the isolation scenario: what one owner does with many tasks, seen by both."""

import json
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database.execution import OperatorSession
from backend.services.changes import ChangeService
from backend.services.restored import Restored
from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.tags import revision_of, tag_of

MINE, THEIRS = 1, 2


def follow(client: RecordingClient, connection: Connection) -> None:
    """The feed of one owner holds all of its changes and none of the other's; so do its events."""
    apis = [Api(client, PRIMARY, owner) for owner in (MINE, THEIRS)]
    for api in apis:
        api.made(title=str(api.owner))
        api.delete(api.made(title=str(api.owner))["id"])
    for owner, api in zip((MINE, THEIRS), apis, strict=True):
        assert api.changes(since=1).is_success
        listed = {task["id"] for task in api.list().json()}
        trashed = {task["id"] for task in api.list(deleted=True).json()}
        answer = api.changes()
        assert answer.is_success
        first = answer.json()
        assert {item["id"] for item in first["items"]} == listed
        assert first["revision"] == revision_of(api.list().headers["etag"])
        with _sessions(connection)() as session:
            owned = OperatorSession(session).of_owner(owner)
            assert ChangeService(owned).now() == first["revision"]
        everything = api.changes(since=1).json()["items"]
        assert {item["id"] for item in everything if "deleted" not in item} == listed
        assert {item["id"] for item in everything if "deleted" in item} == trashed
    nobody = Api(client, PRIMARY, 3).changes()
    assert nobody.is_success
    assert nobody.json()["revision"] == 0


def run_batches(client: RecordingClient, connection: Connection, same_id: int) -> None:
    """Batches of one owner write its tasks, and nothing of the other's, with or without a key."""
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    before = rows(connection, THEIRS)
    for number, headers in enumerate(({}, {"Idempotency-Key": "batch"})):
        first = mine.changes()
        assert first.is_success
        last = first.json()["revision"]
        answer = mine.batch(
            {"op": "create", "task": {"title": "new"}},
            {"op": "update", "id": same_id, "changes": {"title": f"batch {number}"}},
            headers=headers,
        )
        assert answer.status_code == 200
        tasks = [result["task"] for result in answer.json()["results"]]
        assert [task["user_id"] for task in tasks] == [MINE, MINE]
        assert last < tasks[0]["revision"] < tasks[1]["revision"]
        assert mine.read(same_id).json() == tasks[1]
        assert mine.list().headers["etag"] == tag_of(tasks[1]["revision"])
        assert rows(connection, THEIRS) == before
        mine.batch({"op": "delete", "id": tasks[0]["id"]})
        foreign = theirs.list().json()[0]["id"]
        assert mine.batch({"op": "delete", "id": foreign}).status_code == 404
    other = theirs.batch({"op": "create", "task": {"title": "k"}}, headers=headers)
    assert (other.status_code, "idempotent-replayed" in other.headers) == (200, False)


def bring_back(client: RecordingClient, connection: Connection, same_id: int) -> None:
    """A file of one owner's tasks comes back to these, and makes others of another owner's.

    Both have a task of the same id, of the same moment, and here of the same revision.
    """
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    for api in (theirs, mine):
        assert api.brought("json", '[{"title": "shared", "uid": "shared"}]')["made"] == 1
    revision = mine.read(same_id).json()["revision"]
    connection.exec_driver_sql(f"UPDATE tasks SET revision = {revision} WHERE id = {same_id}")
    before = rows(connection, THEIRS)
    tasks = [_returned(api) for api in (theirs, mine)][1]
    changed = [{**task, "title": f"{task['title']} again"} for task in tasks]
    assert mine.brought("json", json.dumps(changed))["changed"] == len(tasks)
    assert {task["title"] for task in mine.list().json()} == {one["title"] for one in changed}
    assert rows(connection, THEIRS) == before


def _returned(api: Api) -> list[dict[str, Any]]:
    """All tasks of an owner, which an export has and an import finds again."""
    exported = api.export("json")
    assert exported.is_success
    tasks: list[dict[str, Any]] = exported.json()
    assert {task["user_id"] for task in tasks} == {api.owner}
    assert api.brought("json", exported.content)["skipped"]["same"] == len(tasks)
    return tasks


def count(client: RecordingClient) -> None:
    """The numbers of one owner are those of its own tasks."""
    for owner in (MINE, THEIRS):
        api = Api(client, PRIMARY, owner)
        api.made(tags=[f"of {owner}"])
    for owner in (MINE, THEIRS):
        api = Api(client, PRIMARY, owner)
        answer = api.summary()
        assert answer.is_success
        numbers = answer.json()
        assert numbers["by_tag"] == [{"tag": f"of {owner}", "open": 1}]
        live = api.list().json()
        assert numbers["open"] + numbers["completed"] == len(live)
        assert numbers["trash"] == len(api.list(deleted=True).json())
        assert numbers["revision"] == revision_of(api.list().headers["etag"])
        known = {"If-None-Match": answer.headers["etag"]}
        assert api.summary(known).status_code == 304


def expire(connection: Connection) -> None:
    """The command lets one owner's cursors expire, and none of the other's."""
    theirs, mine = rows(connection, THEIRS), rows(connection, MINE)
    with _sessions(connection)() as session:
        Restored(OperatorSession(session)).expire(MINE)
    assert rows(connection, THEIRS) == theirs
    assert rows(connection, MINE) != mine


def _sessions(connection: Connection) -> sessionmaker[Session]:
    return sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")


def walk(client: RecordingClient) -> None:
    """All pages of a list hold the owner's tasks and no others."""
    for owner in (MINE, THEIRS, MINE):
        assert client.post(f"/api/{owner}/tasks", json={"title": "1"}).is_success
    page = client.get(f"/api/{MINE}/tasks?limit=1&count=true")
    owners = [task["user_id"] for task in page.json()]
    while "next" in page.links:
        page = client.get(page.links["next"]["url"])
        owners += [task["user_id"] for task in page.json()]
        assert page.headers["x-total-count"] == "3"
    assert owners == [MINE] * 3
