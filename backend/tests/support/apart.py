"""Steps of the isolation scenario: what one owner does with many tasks, seen by both."""

from sqlalchemy import Connection
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database.execution import OperatorSession
from backend.services.restored import Restored
from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY

MINE, THEIRS = 1, 2


def follow(client: RecordingClient) -> None:
    """The feed of one owner holds all of its changes and none of the other's."""
    apis = [Api(client, PRIMARY, owner) for owner in (MINE, THEIRS)]
    for api in apis:
        api.made(title=str(api.owner))
        api.delete(api.made(title=str(api.owner))["id"])
    for api in apis:
        assert api.changes(since=1).is_success
        listed = {task["id"] for task in api.list().json()}
        trashed = {task["id"] for task in api.list(deleted=True).json()}
        answer = api.changes()
        assert answer.is_success
        first = answer.json()
        assert {item["id"] for item in first["items"]} == listed
        assert first["revision"] == int(api.list().headers["etag"].strip('"'))
        everything = api.changes(since=1).json()["items"]
        assert [item["id"] for item in everything if "deleted" not in item].sort() == (
            [*listed].sort()
        )
        assert {item["id"] for item in everything if "deleted" in item} == trashed
    nobody = Api(client, PRIMARY, 3).changes()
    assert nobody.is_success
    assert nobody.json()["revision"] == 0


def expire(connection: Connection) -> None:
    """The command lets one owner's cursors expire, and none of the other's."""
    theirs, mine = rows(connection, THEIRS), rows(connection, MINE)
    sessions = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
    with sessions() as session:
        Restored(OperatorSession(session)).expire(MINE)
    assert rows(connection, THEIRS) == theirs
    assert rows(connection, MINE) != mine
