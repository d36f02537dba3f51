"""Steps of the isolation scenario: families and orders of two owners, with the same ids."""

from collections.abc import Callable
from itertools import count, product
from typing import Any

from sqlalchemy import Connection

from backend.tests.support.apart import MINE, THEIRS
from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY


def nest(client: RecordingClient, connection: Connection, same_id: int) -> None:
    """Each has a family below a task of the same id; what one does leaves the other's alone.

    The sub-tasks have the same ids, too, so that a statement which forgets the owner meets them.
    """
    for api in (Api(client, PRIMARY, owner) for owner in (THEIRS, MINE)):
        other = THEIRS if api.owner == MINE else MINE
        for number, headers in enumerate(({}, {"Idempotency-Key": "nest"})):
            before = rows(connection, other)
            child = api.made(title="child", parent_id=same_id, headers=headers)
            lone = api.made(title="lone")
            match = {"If-Match": f'"{lone["revision"]}"'} if number else None
            assert api.patch(lone["id"], match, parent_id=same_id).is_success
            for task in (child, lone):
                give_id(
                    connection, api.owner, task["id"], same_id + 10 * number + (task is lone) + 1
                )
            assert rows(connection, other) == before
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    foreign = theirs.made(title="foreign")
    task = {"title": "x", "parent_id": foreign["id"]}
    requests: tuple[Callable[[], Any], ...] = (
        lambda: mine.create(**task),
        lambda: mine.create(headers={"Idempotency-Key": "f"}, **task),
        lambda: mine.patch(same_id + 1, parent_id=foreign["id"]),
        lambda: mine.batch({"op": "create", "task": task}),
    )
    for request in requests:
        states = [rows(connection, owner) for owner in (MINE, THEIRS)]
        assert request().status_code == 409
        assert [rows(connection, owner) for owner in (MINE, THEIRS)] == states
    _be_free(mine, theirs, connection, same_id)
    _go_on(mine, connection, same_id)
    _go_and_come_back(mine, theirs, connection, same_id)
    _go_with_many(mine, theirs, connection)


def _be_free(mine: Api, theirs: Api, connection: Connection, same_id: int) -> None:
    """What has sub-tasks with the other owner has none here, and may become one itself."""
    above = theirs.made(title="above")["id"]
    theirs.made(title="below", parent_id=above)
    lone = mine.made(title="free")["id"]
    give_id(connection, MINE, lone, above)
    nested = {"op": "update", "id": above, "changes": {"parent_id": same_id}}
    free = {"op": "update", "id": above, "changes": {"parent_id": None}}
    ways: tuple[Callable[[], Any], ...] = (
        lambda: mine.patch(above, parent_id=same_id),
        lambda: mine.patch(above, any_state(connection), parent_id=same_id),
        lambda: mine.batch(nested),
        lambda: mine.batch(nested, headers={"Idempotency-Key": "nested"}),
    )
    for way in ways:
        before = rows(connection, THEIRS)
        answer = way()
        assert answer.status_code == 200
        assert mine.batch(free).status_code == 200
        assert rows(connection, THEIRS) == before
    mine.delete(above)
    for way in (
        lambda: mine.restore(same_id + 1),
        lambda: mine.restore(same_id + 1, any_state(connection)),
    ):
        assert mine.delete(same_id + 1).status_code == 204
        before = rows(connection, THEIRS)
        assert way().json().get("parent_id") == same_id
        assert rows(connection, THEIRS) == before


def _go_on(mine: Api, connection: Connection, same_id: int) -> None:
    """What follows a sub-task is one of the same parent, and only that notes it."""
    daily = {"repeat": "FREQ=DAILY", "due_date": "2026-11-30", "parent_id": same_id}
    under = {"completed": True, "parent_id": same_id}
    ways: tuple[Callable[[int], Any], ...] = (
        mine.toggle,
        lambda task: mine.toggle(task, any_state(connection)),
        mine.complete,
        lambda task: mine.complete(task, any_state(connection)),
        lambda task: mine.patch(task, **under),
        lambda task: mine.patch(task, any_state(connection), **under),
    )
    for way in ways:
        task = mine.made(title="series", **daily)["id"]
        before = rows(connection, THEIRS)
        assert way(task).status_code == 200
        [after] = [one for one in mine.list().json() if one["repeat_of"] == task]
        assert after["parent_id"] == same_id
        assert rows(connection, THEIRS) == before
        for one in (task, after["id"]):
            assert mine.patch(one, parent_id=None).status_code == 200
            assert mine.delete(one).status_code == 204


def _go_and_come_back(mine: Api, theirs: Api, connection: Connection, same_id: int) -> None:
    """The family of one owner, in each way that there is, whether the other's is there or not."""
    keys = count()
    family = [same_id, *(same_id + 10 * n + k for n in (0, 1) for k in (1, 2))]
    delete, restore = ({"op": op, "id": same_id} for op in ("delete", "restore"))
    ways: tuple[tuple[Callable[[], Any], Callable[[], Any]], ...] = (
        (lambda: mine.delete(same_id), lambda: mine.restore(same_id)),
        (
            lambda: mine.delete(same_id, {"If-Match": mine.read(same_id).headers["etag"]}),
            lambda: mine.restore(same_id, any_state(connection)),
        ),
        (lambda: mine.batch(delete), lambda: mine.batch(restore)),
        (
            lambda: mine.batch(delete, headers={"Idempotency-Key": f"go {next(keys)}"}),
            lambda: mine.batch(restore, headers={"Idempotency-Key": f"go {next(keys)}"}),
        ),
    )
    for (go, back), are_theirs_gone in product(ways, (False, True)):
        if are_theirs_gone:
            assert theirs.delete(same_id).status_code == 204
        before = rows(connection, THEIRS)
        for step, is_gone in ((go, True), (back, False)):
            last = mine.changes().json()["revision"]
            assert step().is_success
            live = {task["id"] for task in mine.list().json()}
            assert live.isdisjoint(family) if is_gone else live >= {*family}
            numbers = [one["revision"] for one in mine.changes(since=last).json()["items"]]
            assert len(numbers) == len(family)
            assert max(numbers) - min(numbers) + 1 == len(family)
            assert mine.changes().json()["revision"] == max(numbers)
            assert rows(connection, THEIRS) == before
        if are_theirs_gone:
            assert theirs.restore(same_id).status_code == 200


def _go_with_many(mine: Api, theirs: Api, connection: Connection) -> None:
    """A family whose parent alone matches, and one whose sub-task alone does; the other owner has
    families of the same ids, but for one parent.
    """
    other, parent, child = (theirs.made(title=title)["id"] for title in ("other", "up", "down"))
    for api in (mine, theirs):
        if api is mine:
            for task in (other, parent, child):
                give_id(connection, MINE, mine.made(title="same")["id"], task)
        api.patch(parent, tags=["many"])
        api.patch(child, parent_id=parent)
    for api, is_there in ((theirs, False), (mine, False), (mine, True), (theirs, True)):
        before = rows(connection, THEIRS if api is mine else MINE)
        last = api.changes().json()["revision"]
        assert _many(api, is_there=is_there).is_success
        assert api.read(child).status_code == (200 if is_there else 404)
        numbers = [one["revision"] for one in api.changes(since=last).json()["items"]]
        assert max(numbers) - min(numbers) == 1
        assert rows(connection, THEIRS if api is mine else MINE) == before
    theirs.patch(child, parent_id=other)
    mine.patch(parent, tags=[])
    mine.patch(child, tags=["many"])
    noted = f"SELECT nested_at FROM tasks WHERE user_id = {MINE} AND id = {other}"
    before, was = rows(connection, THEIRS), connection.exec_driver_sql(noted).scalar()
    assert all(_many(mine, is_there=is_there).is_success for is_there in (False, True))
    assert mine.read(child).json()["parent_id"] == parent
    assert connection.exec_driver_sql(noted).scalar() == was
    assert rows(connection, THEIRS) == before
    for api in (mine, theirs):
        for task in (child, parent, other):
            assert api.delete(task).status_code == 204


def _many(api: Api, *, is_there: bool) -> Any:
    """Whatever has this tag goes to the trash, or is there again."""
    if is_there:
        return api.client.post(f"/api/{api.owner}/tasks/restore?tag=many")
    return api.delete_all(tag="many")


def any_state(connection: Connection) -> dict[str, str]:
    """A condition that all tasks of all owners meet."""
    revisions = connection.exec_driver_sql("SELECT revision FROM tasks").scalars()
    return {"If-Match": ", ".join(f'"{revision}"' for revision in revisions)}


def give_id(connection: Connection, owner: object, task_id: int, new_id: int) -> None:
    change = f"UPDATE tasks SET id = {new_id} WHERE user_id = {owner} AND id = {task_id}"
    connection.exec_driver_sql(change)


def arrange(client: RecordingClient, connection: Connection) -> None:
    """The order of one owner is its own, and so is what is pushed aside."""
    mine, theirs = (Api(client, PRIMARY, owner) for owner in (MINE, THEIRS))
    ids = [api.made(title="m", order=0)["id"] for api in (theirs, mine) for _ in range(4)]
    for foreign, own in zip(ids[:4], ids[4:], strict=True):
        give_id(connection, MINE, own, foreign)
    for number in range(8):
        if number % 4 > 1:  # no room
            connection.exec_driver_sql(f'UPDATE tasks SET "order" = 7 WHERE user_id = {MINE}')
        before, line = rows(connection, THEIRS), _line(mine, ids)
        where = "before" if number % 2 else "after"
        match = {"If-Match": mine.read(line[3]).headers["etag"]} if number > 3 else {}
        url = mine.task(line[3], "/move")
        assert client.post(url, json={where: line[0]}, headers=match).status_code == 200
        moved = [line[3], line[0]] if where == "before" else [line[0], line[3]]
        assert _line(mine, ids) == [*moved, *line[1:3]]
        assert rows(connection, THEIRS) == before
    foreign = theirs.made(title="foreign", order=0)["id"]
    states = [rows(connection, owner) for owner in (MINE, THEIRS)]
    for task, anchor, status in ((ids[0], foreign, 409), (foreign, ids[0], 404)):
        answer = client.post(mine.task(task, "/move"), json={"before": anchor})
        assert answer.status_code == status
    assert [rows(connection, owner) for owner in (MINE, THEIRS)] == states


def _line(api: Api, ids: list[int]) -> list[int]:
    return [one["id"] for one in api.list("sort=order").json() if one["id"] in ids]
