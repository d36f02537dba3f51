"""A step of the isolation scenario: two owners have a series each, of tasks with the same id."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database.execution import OperatorSession, OwnedSession
from backend.queries import repeating
from backend.queries import tasks as queries
from backend.queries.columns import CONTENT
from backend.queries.search import FOLDED
from backend.tests.support.apart import MINE, THEIRS
from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY

DAILY = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30"}
NEXT: dict[str, Any] = {
    "has_next": True,
    "next_due_date": "2026-12-01",
    "next_due_at": None,
    "next_repeat": "FREQ=DAILY",
    "next_repeat_wall": None,
}


def _batch(api: Api, task_id: int, **headers: str) -> Any:
    return api.batch({"op": "complete", "id": task_id, "completed": True}, headers=headers)


_WAYS: tuple[Callable[[Api, int], Any], ...] = (
    lambda api, task: api.toggle(task),
    lambda api, task: api.toggle(task, {"If-Match": api.read(task).headers["etag"]}),
    lambda api, task: api.complete(task),
    lambda api, task: api.complete(task, {"If-Match": api.read(task).headers["etag"]}),
    _batch,
    lambda api, task: _batch(api, task, **{"Idempotency-Key": "series"}),
)


def repeat(client: RecordingClient, connection: Connection, same_id: int) -> None:
    """Each completes its own, and that is followed, whatever follows the other's."""
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    foreign = theirs.made(**DAILY)
    _reach_for(connection, foreign)
    for api in (theirs, mine):
        other = THEIRS if api is mine else MINE
        for way in _WAYS:
            before = rows(connection, other)
            forget = f"UPDATE tasks SET repeat_of = NULL WHERE user_id = {api.owner}"
            connection.exec_driver_sql(forget)
            assert api.patch(same_id, **DAILY, completed=False).is_success
            url = api.task(same_id, "/occurrences?limit=1")
            assert client.get(url).json()["items"][0]["due_date"] == "2026-12-01"
            assert way(api, same_id).is_success
            following = [task for task in api.list().json() if task["repeat_of"] == same_id]
            assert [task["user_id"] for task in following] == [api.owner]
            assert following[0]["revision"] > api.read(same_id).json()["revision"]
            assert rows(connection, other) == before
    assert client.get(mine.task(foreign["id"], "/occurrences")).status_code == 404


def _reach_for(connection: Connection, foreign: dict[str, Any]) -> None:
    """Each statement finds nothing where the task is another's, and writes nothing."""
    parameters: dict[str, Any] = {
        **{f"new_{name}": None for name in (*CONTENT, *FOLDED.values())},
        **{f"writes_{name}": False for name in CONTENT},
        "new_completed": True,
        "writes_completed": True,
        **NEXT,
        "task_id": foreign["id"],
        "computed_for": foreign["revision"],
        "revisions": [foreign["revision"]],
    }
    before = [rows(connection, owner) for owner in (MINE, THEIRS)]
    sessions = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
    with sessions() as session:
        owned: OwnedSession = OperatorSession(session).of_owner(MINE)
        assert owned.one(repeating.SERIES, task_id=foreign["id"]).seed is None
        for write in (queries.CHANGE, queries.TOGGLE):
            assert write.repeating is not None
            for one in (write, write.repeating):
                for statement in (one.always, one.if_match):
                    row = owned.one(statement, **parameters)
                    assert (row.json, row.is_stale, row.seed) == (None, False, None)
                    assert row.found == (statement is one.always)
    assert [rows(connection, owner) for owner in (MINE, THEIRS)] == before
