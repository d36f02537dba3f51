"""Takes each owner predicate out in turn: without any one of them, owners would meet.

Each mutant must be refused by the guard, and, with the guard away, be seen by the isolation
scenario from the outside. So no predicate is decoration, and none is watched by one test alone.
"""

import ast
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Connection, true

from backend.models import guard
from backend.services import statements
from backend.services import tasks as service
from backend.tests.support.below import give_both_one_id, rows
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import PRIMARY

MINE, THEIRS, SAME_ID = 1, 2, 10**15
SOURCE = Path(statements.__file__).read_text()
PATCHED = frozenset({"title"})


def rebuilt(wrap: Callable[[Any], Any]) -> SimpleNamespace:
    """The module of statements, built anew with its `_owned` wrapped."""
    tree = ast.parse(SOURCE)
    root = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "_owned")
    root.decorator_list.append(ast.Name("wrap", ast.Load()))
    ast.fix_missing_locations(tree)
    names: dict[str, Any] = {"wrap": wrap, "__name__": "mutant"}
    exec(compile(tree, statements.__file__, "exec"), names)  # noqa: S102
    for columns in (PATCHED, frozenset(statements.CONTENT), frozenset({"completed"})):
        names["changing"](columns)
    return SimpleNamespace(**names)


def number_of_predicates() -> int:
    calls = count()

    def wrap(owned: Any) -> Any:
        return lambda *arguments: (next(calls), owned(*arguments))[1]

    rebuilt(wrap)
    return next(calls)


def mutant(number: int) -> SimpleNamespace:
    """The statements with one owner predicate replaced by true."""
    calls = count()

    def wrap(owned: Any) -> Any:
        return lambda *arguments: true() if next(calls) == number else owned(*arguments)

    return rebuilt(wrap)


def statements_of(module: SimpleNamespace) -> Iterator[ClauseElement]:
    yield from (value for value in vars(module).values() if isinstance(value, ClauseElement))
    yield module.changing(PATCHED)
    yield module.changing(frozenset(statements.CONTENT))
    yield module.changing(frozenset({"completed"}))


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("number", range(number_of_predicates()))
def test_the_guard_refuses_a_statement_without_any_one_of_its_predicates(number: int) -> None:
    refused = []
    for statement in statements_of(mutant(number)):
        try:
            guard.require_owner(statement)
        except guard.OwnerMissingError:
            refused.append(statement)
    assert refused


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("number", range(number_of_predicates()))
def test_without_any_one_predicate_the_owners_meet(
    number: int,
    client: RecordingClient,
    shared_connection: tuple[Connection, Recorder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection, _ = shared_connection
    monkeypatch.setattr(guard, "require_owner", lambda statement: None)
    monkeypatch.setattr(client.recorder, "require_owner", lambda owner: None)
    owners_are_apart(client, connection)
    connection.exec_driver_sql("TRUNCATE tasks, task_lists")
    monkeypatch.setattr(service, "statements", mutant(number))
    with pytest.raises(AssertionError):
        owners_are_apart(client, connection)


def owners_are_apart(client: RecordingClient, connection: Connection) -> None:
    """Two owners with a task of the same id each, then everything that one of them can do."""
    for owner, tasks in ((MINE, 1), (THEIRS, 3)):
        for _ in range(tasks):
            assert client.post(f"/api/{owner}/tasks", json={"title": str(owner)}).is_success
    give_both_one_id(connection, MINE, THEIRS, SAME_ID)
    foreign = client.get(f"/api/{THEIRS}/tasks").json()[0]["id"]
    for task_id, status in ((SAME_ID, 200), (foreign, 404)):
        for name, request in PRIMARY.verbs(MINE, task_id).items():
            theirs, mine = rows(connection, THEIRS), rows(connection, MINE)
            answer = client.request(**vars(request))
            assert answer.status_code == (204 if (name, status) == ("delete", 200) else status)
            assert rows(connection, THEIRS) == theirs
            assert status == 200 or rows(connection, MINE) == mine
            if request.method in {"PUT", "PATCH"} and status == 200:
                assert answer.json()["user_id"] == MINE
    walk(client)


def walk(client: RecordingClient) -> None:
    """All pages of a list hold the owner's tasks and no others."""
    for owner in (MINE, THEIRS, MINE):
        assert client.post(f"/api/{owner}/tasks", json={"title": "1"}).is_success
    page = client.get(f"/api/{MINE}/tasks?limit=1")
    owners = [task["user_id"] for task in page.json()]
    while "next" in page.links:
        page = client.get(page.links["next"]["url"])
        owners += [task["user_id"] for task in page.json()]
    assert owners == [MINE] * 3
