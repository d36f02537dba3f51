"""The syncing clients of `examples/` against the real server, in fine and in bad weather."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from threading import Thread
from typing import Any

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.commands import execute
from backend.tests.support.copies import listed
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.sync_clients import Client, python_client, typescript_client

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-45")]

Make = Callable[[str], AbstractContextManager[Client]]
STEPS = 120
KINDS = ("edit", "edit", "edit", "sync", "sync", "weather", "other", "purge")


@pytest.fixture(params=[python_client, typescript_client], ids=["python", "typescript"])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture
def api(arena: Arena) -> Api:
    return arena.api(PRIMARY)


@pytest.fixture
def client(api: Api, make: Make) -> Iterator[Client]:
    with make(address(api)) as client:
        yield client


def address(api: Api) -> str:
    return str(api.client.base_url.join(api.tasks()))


def copied(client: Client) -> dict[int, Any]:
    return {task["id"]: task for task in client.state()["tasks"]}


def create(title: str) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title}}


def update(task: Any, title: str) -> dict[str, Any]:
    return {"op": "update", "id": task["id"], "changes": {"title": title}}


def test_a_first_sync_and_then_what_has_changed(api: Api, client: Client) -> None:
    operations = [create(str(number)) for number in range(100)]
    tasks = [result["task"] for result in api.batch(*operations).json()["results"]]
    assert client.sync()
    assert copied(client) == listed(api)
    api.delete(tasks[0]["id"])
    api.patch(tasks[1]["id"], title="new")
    assert client.sync()
    assert copied(client) == listed(api)
    assert len(copied(client)) == 99


def test_what_was_done_offline_counts_once_though_the_answer_was_lost(
    api: Api, client: Client
) -> None:
    task = api.made(title="old")
    assert client.sync()
    client.weather("away")
    client.edit(create("on the train"))
    client.edit(update(task, "first"))
    client.edit(update(task, "second"))
    client.edit({"op": "complete", "id": task["id"], "completed": True})
    assert not client.sync()
    assert len(api.list().json()) == 1
    client.weather("lost")
    assert not client.sync()
    assert len(api.list().json()) == 2
    client.weather("fine")
    assert client.sync()
    found = listed(api)
    assert copied(client) == found
    assert (found[task["id"]]["title"], found[task["id"]]["completed"]) == ("second", True)
    assert sorted(one["title"] for one in found.values()) == ["on the train", "second"]
    assert (client.state()["queue"], client.state()["conflicts"]) == ([], [])


@pytest.mark.requirement("FR-71")
def test_a_series_that_was_completed_offline_goes_on_once_though_the_answer_was_lost(
    api: Api, client: Client
) -> None:
    task = api.made(repeat="FREQ=DAILY", due_date="2026-11-30")
    assert client.sync()
    client.weather("away")
    for completed in (True, False, True):
        client.edit({"op": "complete", "id": task["id"], "completed": completed})
    client.weather("lost")
    assert not client.sync()
    client.weather("fine")
    assert client.sync()
    assert copied(client) == listed(api)
    [after] = [one for one in copied(client).values() if one["repeat_of"] == task["id"]]
    assert (after["due_date"], len(copied(client))) == ("2026-12-01", 2)


def test_a_conflict_is_kept_for_the_user_and_overwrites_nothing(api: Api, client: Client) -> None:
    task, gone = api.made(title="old"), api.made(title="gone")
    assert client.sync()
    client.edit(update(task, "mine"))
    client.edit({"op": "complete", "id": gone["id"], "completed": True})
    client.edit(create(" "))
    api.patch(task["id"], title="theirs")
    api.delete(gone["id"])
    assert client.sync()
    assert [one["title"] for one in copied(client).values()] == ["theirs"]
    conflicts = client.state()["conflicts"]
    codes = [one["reason"]["code"] for one in conflicts]
    assert codes == ["precondition_failed", "task_not_found", "validation_error"]
    assert conflicts[0]["operation"]["changes"] == {"title": "mine"}


def test_an_expired_cursor_begins_anew_and_loses_no_edit(
    arena: Arena, api: Api, client: Client
) -> None:
    task, gone = api.made(), api.made()
    assert client.sync()
    client.edit(update(task, "queued"))
    api.delete(gone["id"])
    purge(arena.database, api)
    assert client.sync()
    assert copied(client) == listed(api)
    assert [one["title"] for one in copied(client).values()] == ["queued"]


def purge(database: URL, api: Api) -> None:
    """Let the whole trash go, as the command does."""
    owner = api.owner
    trash = f"user_id = {owner} AND deleted_at IS NOT NULL"
    execute(
        database,
        "UPDATE task_lists SET horizon = greatest(horizon, coalesce((SELECT max(revision) FROM "
        f"tasks WHERE {trash}), 0)) WHERE user_id = {owner}",
    )
    execute(database, f"DELETE FROM tasks WHERE {trash}")


def test_changes_are_taken_as_they_happen(api: Api, client: Client) -> None:
    assert client.sync()
    told: list[Any] = []
    listener = Thread(target=lambda: told.extend(client.live(3)))
    listener.start()
    made = [api.made(title=title) for title in "abc"]
    listener.join(30)
    assert told == made
    assert client.sync()
    assert copied(client) == listed(api)


@pytest.mark.parametrize("seed", [0, 2])
def test_on_and_offline_at_random_beside_others_each_copy_ends_equal_to_the_list(
    arena: Arena, api: Api, make: Make, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311
    edits = 0
    with ExitStack() as stack:
        clients = [stack.enter_context(make(address(api))) for _ in range(2)]
        for step in range(STEPS):
            client = dice.choice(clients)
            kind = dice.choice(KINDS)
            if kind == "edit":
                client.edit(any_edit(dice, client, f"{seed}.{step}"))
                edits += 1
            elif kind == "sync":
                client.sync()
            elif kind == "weather":
                client.weather(dice.choice(["fine", "fine", "away", "lost"]))
            elif kind == "other":
                other_writer(dice, api)
            elif step % 5 == 0:
                purge(arena.database, api)
        for client in clients:
            client.weather("fine")
            assert client.sync()
        for client in clients:
            assert client.sync()
            assert copied(client) == listed(api)
            assert client.state()["queue"] == []
        require_all_accounted(arena, api, clients, edits)


def any_edit(dice: random.Random, client: Client, title: str) -> dict[str, Any]:
    tasks = client.state()["tasks"]
    if not tasks or dice.random() < 0.4:
        return create(f"new {title}")
    task = dice.choice(tasks)
    return dice.choice(
        [
            update(task, f"edited {title}"),
            {"op": "complete", "id": task["id"], "completed": dice.random() < 0.5},
            {"op": "delete", "id": task["id"]},
        ]
    )


def other_writer(dice: random.Random, api: Api) -> None:
    found = list(listed(api))
    if not found:
        api.made(title="theirs")
        return
    task = dice.choice(found)
    choices: list[Callable[[], Any]] = [
        lambda: api.made(title="theirs"),
        lambda: api.patch(task, title="changed by others"),
        lambda: api.delete(task),
    ]
    dice.choice(choices)()


def require_all_accounted(arena: Arena, api: Api, clients: list[Client], edits: int) -> None:
    """Each edit was done once, or is kept with its reason: the keys of what was done are stored."""
    keys = f"SELECT count(*) FROM idempotency_keys WHERE user_id = {api.owner}"
    [(done,)] = execute(arena.database, keys)
    conflicts = [one for client in clients for one in client.state()["conflicts"]]
    assert all(one["reason"]["code"] for one in conflicts)
    assert done + len(conflicts) == edits  # type: ignore[operator]
    titles = [task["title"] for task in listed(api).values() if task["title"].startswith("new ")]
    assert len(titles) == len(set(titles))
