"""A step of the isolation scenario: files of two owners, whose tasks have the same ids and ties."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from backend.tests.support.apart import MINE, THEIRS, bring_back
from backend.tests.support.apart_nesting import give_id
from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY


def exchange_files(client: RecordingClient, connection: Connection, same_id: int) -> None:
    """A file comes back to its own tasks, and names these, whatever the other's are parts of."""
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    bring_back(client, connection, same_id)
    part, after, other = same_id + 101, same_id + 102, same_id + 103
    for api in (theirs, mine):
        before = rows(connection, THEIRS if api is mine else MINE)
        tied = {"title": "part", "uid": "part", "parent_uid": uid_of(api, same_id)}
        _bring(api, [tied, {"title": "after", "uid": "after", "repeat_of_uid": "part"}])
        for task_id, uid in ((part, "part"), (after, "after")):
            give_id(connection, api.owner, _id_of(api, uid), task_id)
        of_part = f"repeat_of = {part} WHERE user_id = {api.owner} AND id = {after}"
        connection.exec_driver_sql(f"UPDATE tasks SET {of_part}")
        assert rows(connection, THEIRS if api is mine else MINE) == before
    for api in (theirs, mine):
        found = {task["id"]: task for task in _exported(api)}
        assert found[part]["parent_uid"] == found[same_id]["uid"]
        assert found[after]["repeat_of_uid"] == "part"
    _know_no_other(mine, theirs, same_id)
    _have_what_is_free(mine, theirs, connection, same_id, other)
    for api in (theirs, mine):
        for task_id in (part, after, other):
            assert api.patch(task_id, parent_id=None).is_success
            assert api.delete(task_id).status_code == 204


def _know_no_other(mine: Api, theirs: Api, same_id: int) -> None:
    """The other's UID names nothing, though the owner has a task of this very id."""
    tied = {"title": "lone", "uid": "lone", "parent_uid": uid_of(theirs, same_id)}
    known = {"title": "same", "uid": uid_of(mine, same_id)}
    report = mine.brought("json", json.dumps([known, tied]))
    assert (report["made"], [one["what"] for one in report["not_carried_over"]]) == (1, ["parent"])
    lone = _id_of(mine, "lone")
    assert mine.read(lone).json()["parent_id"] is None
    assert mine.delete(lone).status_code == 204


def _have_what_is_free(
    mine: Api, theirs: Api, connection: Connection, same_id: int, other: int
) -> None:
    """A task has no sub-tasks and no follower, though one with its id has both at the other's."""
    give_id(connection, THEIRS, theirs.made(title="above")["id"], other)
    below = theirs.made(title="below", parent_id=other)["id"]
    follows = f"UPDATE tasks SET repeat_of = {other} WHERE user_id = {THEIRS} AND id = {below}"
    connection.exec_driver_sql(follows)
    give_id(connection, MINE, mine.made(title="free")["id"], other)
    connection.exec_driver_sql(f"UPDATE tasks SET updated_at = created_at WHERE id = {other}")
    uid, now = uid_of(mine, other), datetime.now(UTC).isoformat()
    moved = {"uid": uid, "title": "free", "parent_uid": uid_of(mine, same_id), "updated_at": now}
    before = rows(connection, THEIRS)
    _bring(mine, [moved, {"title": "new", "uid": "new", "repeat_of_uid": uid}])
    assert rows(connection, THEIRS) == before
    found = {task["uid"]: task for task in _exported(mine)}
    assert (found[uid]["parent_id"], found["new"]["repeat_of"]) == (same_id, other)
    assert mine.delete(found["new"]["id"]).status_code == 204
    assert theirs.delete(below).status_code == 204


def _bring(api: Api, tasks: list[dict[str, Any]]) -> None:
    """All of it, and nothing is lost."""
    report = api.brought("json", json.dumps(tasks))
    assert report["made"] + report["changed"] == len(tasks)
    assert report["not_carried_over"] == []


def _exported(api: Api) -> list[dict[str, Any]]:
    answer = api.export("json")
    assert answer.is_success
    tasks: list[dict[str, Any]] = answer.json()
    return tasks


def uid_of(api: Api, task_id: int) -> str:
    return str(next(task["uid"] for task in _exported(api) if task["id"] == task_id))


def _id_of(api: Api, uid: str) -> int:
    return int(next(task["id"] for task in _exported(api) if task["uid"] == uid))
