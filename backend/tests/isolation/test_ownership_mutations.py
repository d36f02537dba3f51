"""Takes each owner predicate out in turn: without any one of them, owners would meet.

Each mutant must be refused by the guard, and, with the guard away, be seen by the isolation
scenario from the outside. So no predicate is decoration, and none is watched by one test alone.
"""

import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, product
from typing import Any

import pytest
from psycopg2.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy import Connection, Executable, true
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.database import guard
from backend.database.execution import OperatorSession
from backend.queries import (
    batch,
    batch_keys,
    batch_nesting,
    batch_operations,
    bulk,
    changes,
    exporting,
    idempotency,
    lists,
    moves,
    nesting,
    ownership,
    places,
    purge,
    refill,
    repeating,
    restored,
    revisions,
    summary,
    transfer,
    writing,
)
from backend.queries import tasks as statements
from backend.queries.statement import Statement
from backend.services.purge import Purge
from backend.services.refill import Refill
from backend.tests.support.apart import count as count_tasks
from backend.tests.support.apart import expire, follow, run_batches, walk
from backend.tests.support.apart_files import exchange_files
from backend.tests.support.apart_nesting import any_state, arrange, nest
from backend.tests.support.apart_repeating import repeat
from backend.tests.support.api import Api
from backend.tests.support.below import give_both_one_id, rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.tags import revision_of, tag_of

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
MINE, THEIRS, SAME_ID = 1, 2, 10**15
SORT, NO_FILTER = (("created_at", False),), frozenset[str]()
MODULES = (
    *(revisions, nesting, repeating, writing, statements, idempotency, exporting, lists, changes),
    *(batch_keys, places, moves, bulk, batch_nesting, batch_operations, batch, summary, transfer),
    *(purge, refill, restored),
)
ROOT = ownership.owned


@pytest.fixture(scope="module", autouse=True)
def statements_of_the_service() -> Iterator[None]:
    """After the last mutant, all statements as they were."""
    yield
    build(ROOT)


def build(owned: Callable[..., Any]) -> list[Executable]:
    """All statements built anew with this for their root, in place of those of the service."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ownership, "owned", owned)
        for module in MODULES:
            importlib.reload(module)
        return built()


def built() -> list[Executable]:
    constants: list[Any] = [value for module in MODULES for value in vars(module).values()]
    fixed = (value for value in constants if isinstance(value, Statement))
    writes: list[Any] = [one for one in constants if isinstance(one, writing.Write | moves.Move)]
    writes += [one.repeating for one in writes if getattr(one, "repeating", None)]
    pages = [lists.page(lists.Shape(NO_FILTER, SORT, n, counted=True)) for n in (None, (False,))]
    pages.append(lists.page(lists.Shape(NO_FILTER, SORT, exported=True)))
    both = [one for write in writes for one in write[:2]]
    many = map(bulk.moving, (NO_FILTER, frozenset({"deleted"})))
    return [statement.executable for statement in (*fixed, *both, *pages, *many)]


def number_of_predicates() -> int:
    calls = count()
    build(lambda *tables: (next(calls), ROOT(*tables))[1])
    return next(calls)


def mutant(number: int) -> list[Executable]:
    """The statements with one owner predicate replaced by true."""
    calls = count()
    return build(lambda *tables: true() if next(calls) == number else ROOT(*tables))


@pytest.mark.requirement("FR-10")
def test_with_all_of_them_owners_are_apart(client: RecordingClient, below: Connection) -> None:
    build(ROOT)
    owners_are_apart(client, below)


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("number", range(number_of_predicates()))
def test_no_predicate_can_be_removed_unnoticed(
    number: int,
    client: RecordingClient,
    below: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert any(map(is_refused, mutant(number)))
    monkeypatch.setattr(guard, "require_owner", lambda statement: None)
    monkeypatch.setattr(client.recorder, "require_owner", lambda owner: None)
    with pytest.raises((AssertionError, CardinalityViolation, ForeignKeyViolation)):
        owners_are_apart(client, below)


def is_refused(statement: Executable) -> bool:
    try:
        guard.require_owner(statement)
    except guard.OwnerMissingError:
        return True
    return False


def owners_are_apart(client: RecordingClient, connection: Connection) -> None:
    """Two owners with a task of the same id each, then everything that one of them can do."""
    for owner, tasks in ((MINE, 1), (THEIRS, 3)):
        for _ in range(tasks):
            assert client.post(f"/api/{owner}/tasks", json={"title": str(owner)}).is_success
    give_both_one_id(connection, MINE, THEIRS, SAME_ID)
    listed = client.get(f"/api/{THEIRS}/tasks?count=true")
    assert listed.is_success
    foreign = listed.json()[0]["id"]
    for is_conditional, (task_id, status) in product(
        (False, True), ((SAME_ID, 200), (foreign, 404))
    ):
        api = Api(client, PRIMARY, MINE)
        for name, request in api.verbs(task_id).items():
            theirs, mine = rows(connection, THEIRS), rows(connection, MINE)
            headers = any_state(connection) if is_conditional else {}
            answer = api.send(request, headers)
            assert answer.status_code == (204 if (name, status) == ("delete", 200) else status)
            assert rows(connection, THEIRS) == theirs
            assert status == 200 or rows(connection, MINE) == mine
            if request.method in {"PUT", "PATCH"} and status == 200:
                assert answer.json()["user_id"] == MINE
    walk(client)
    follow(client, connection)
    count_tasks(client)
    run_batches(client, connection, SAME_ID)
    exchange_files(client, connection, SAME_ID)
    repeat(client, connection, SAME_ID)
    nest(client, connection, SAME_ID)
    arrange(client, connection)
    fill_search(connection)
    keys(client)
    trash_all(client, connection)
    empty_trash(client, connection)
    expire(connection)


def empty_trash(client: RecordingClient, connection: Connection) -> None:
    """The purge of one owner removes all of its trash and keys, and nothing of the other's."""
    assert client.delete(f"/api/{THEIRS}/tasks").is_success
    restore_all(client, connection)
    connection.exec_driver_sql("UPDATE idempotency_keys SET expires_at = now()")
    theirs = rows(connection, THEIRS)
    sessions = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
    with sessions() as session:
        by_hand = Purge(OperatorSession(session), datetime.now(UTC) + timedelta(days=1))
        by_hand.batch = 1
        assert sum(by_hand.remove_tasks(MINE)) > 0
        assert sum(by_hand.remove_keys(MINE)) > 0
        mine = rows(connection, MINE)
        assert list(by_hand.remove_tasks(MINE)) == []
    assert rows(connection, THEIRS) == theirs
    assert rows(connection, MINE) == mine
    assert len(mine) == 1


def restore_all(client: RecordingClient, connection: Connection) -> None:
    """Everything of one owner comes out of the trash and goes back, nothing of the other."""
    theirs = rows(connection, THEIRS)
    restored = client.post(f"/api/{MINE}/tasks/restore")
    assert restored.status_code == 200
    assert restored.json() == {"restored": len(client.get(f"/api/{MINE}/tasks").json())}
    assert restored.json() != {"restored": 0}
    assert client.delete(f"/api/{MINE}/tasks").status_code == 204
    assert rows(connection, THEIRS) == theirs


def fill_search(connection: Connection) -> None:
    """The refill of one owner reads and writes all of its tasks, and nothing of the other's."""
    connection.exec_driver_sql("UPDATE tasks SET title_folded = 'lost'")
    connection.exec_driver_sql(f"UPDATE tasks SET revision = 7 WHERE id = {SAME_ID}")
    theirs = rows(connection, THEIRS)
    count = f"SELECT count(*) FROM tasks WHERE user_id = {MINE}"
    number = connection.exec_driver_sql(count).scalar_one()
    sessions = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
    with sessions() as session:
        assert list(Refill(OperatorSession(session)).fill(MINE)) == [(number, number)]
    assert rows(connection, THEIRS) == theirs
    lost = connection.exec_driver_sql(f"{count} AND title_folded = 'lost'").scalar_one()
    assert lost == 0


def keys(client: RecordingClient) -> None:
    """The same key of two owners makes two tasks; its repetition makes none.

    The other owner's first key sorts before this owner's: the purge of keys goes in that order.
    """
    answers = [
        client.post(f"/api/{owner}/tasks", json={"title": "k"}, headers={"Idempotency-Key": key})
        for owner, key in ((THEIRS, "a"), (THEIRS, "k"), (MINE, "k"), (MINE, "k"))
    ][1:]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert [answer.json()["user_id"] for answer in answers] == [THEIRS, MINE, MINE]
    assert answers[1].json()["id"] == answers[2].json()["id"] != answers[0].json()["id"]


def trash_all(client: RecordingClient, connection: Connection) -> None:
    """Everything of one owner, nothing of the other, one number for each task; a list by itself."""
    theirs = rows(connection, THEIRS)
    before = client.get(f"/api/{MINE}/tasks?count=true")
    assert client.delete(f"/api/{MINE}/tasks").status_code == 204
    assert rows(connection, THEIRS) == theirs
    after = client.get(f"/api/{MINE}/tasks?count=true")
    assert before.headers["x-total-count"] == str(len(before.json()))
    assert (after.headers["x-total-count"], after.json()) == ("0", [])
    numbers = [revision_of(answer.headers["etag"]) for answer in (before, after)]
    trashed = client.get(f"/api/{MINE}/tasks?deleted=true").json()
    news = {task["revision"] for task in trashed if task["revision"] > numbers[0]}
    assert len(news) == len(before.json())
    assert max(news) == numbers[1]
    assert client.get("/api/3/tasks").headers["etag"] == tag_of(0)
