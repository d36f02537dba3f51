"""The feed while eight write: nothing is missed and nothing is out of order."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy.engine import URL

from backend.database.execution import OperatorSession
from backend.runtime import make_runtime
from backend.services.purge import Purge
from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.copies import Copy, listed
from backend.tests.support.databases import settings_for
from backend.tests.support.surfaces import PRIMARY, Surface
from backend.tests.support.tags import revision_of

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-41")]

WRITERS, STEPS = 8, 60
CHOICES: dict[str, Callable[[Api, int, str], Any]] = {
    "patch": lambda api, task, title: api.patch(task, title=title),
    "toggle": lambda api, task, title: api.toggle(task),
    "trash": lambda api, task, title: api.delete(task),
    "restore": lambda api, task, title: api.restore(task),
    "trash many": lambda api, task, title: api.delete_all(tag=title[-1]),
    "restore many": lambda api, task, title: api.client.post(api.surface.restore(api.owner, "q=1")),
}


def write(api: Api, seed: int) -> list[int]:
    """Any writes, one after the other; their statuses."""
    dice = random.Random(seed)  # noqa: S311
    mine: list[int] = []
    statuses = []
    for step in range(STEPS):
        name = dice.choice([*("create",) * 4, *CHOICES]) if mine else "create"
        task, title = dice.choice(mine) if mine else 0, f"{seed}.{step}"
        if name == "create":
            answer = api.create(title=title, tags=[str(dice.randint(0, 3))])
            mine.append(answer.json()["id"])
        else:
            answer = CHOICES[name](api, task, title)
        statuses.append(answer.status_code)
    return statuses


def purge(database: URL, owner: int, done: Event) -> int:
    """Empty the trash of all that is in it, again and again."""
    runtime = make_runtime(settings_for(database))
    removed = 0
    with runtime.sessions() as session:
        while not done.wait(0.02):
            by_hand = Purge.older_than(OperatorSession(session), timedelta())
            removed += sum(by_hand.remove_tasks(owner))
    runtime.dispose()
    return removed


def read(api: Api, limit: int, done: Event) -> Copy:
    """Follow the feed all the time, and to its end when the writers are done."""
    copy = Copy(api, limit)
    while not done.is_set():
        copy.follow()
    copy.follow()
    return copy


@pytest.mark.parametrize("purges", [False, True], ids=["", "and the purge"])
def test_followers_hold_what_the_list_holds_after_eight_writers(arena: Arena, purges: bool) -> None:
    api = arena.api(PRIMARY)
    owner = int(str(api.owner))
    written, all_done = Event(), Event()
    with ThreadPoolExecutor(WRITERS + 4) as pool:
        followers = [pool.submit(read, api, limit, all_done) for limit in (2, 7, 500)]
        purged = pool.submit(purge, arena.database, owner, written) if purges else None
        writers = [pool.submit(write, api, seed) for seed in range(WRITERS)]
        statuses = {status for writer in writers for status in writer.result()}
        written.set()
        removed = purged.result() if purged else 0
        all_done.set()
        copies = [follower.result() for follower in followers]
    assert statuses <= {200, 201, 204, 404}
    assert (removed > 0) == purges
    expected = listed(api)
    assert expected
    for copy in copies:
        assert copy.tasks == expected
        assert copy.since == revision_of(api.list().headers["etag"])
    if not purges:
        assert [copy.expired for copy in copies] == [0, 0, 0]


def test_a_writer_that_waits_gets_a_number_after_those_it_waited_for(
    arena: Arena, surface: Surface
) -> None:
    """Twelve writers that have all begun before one commits: each snapshot is a prefix."""
    api = arena.api(surface)
    tasks = [api.made(title=str(number)) for number in range(12)]
    copy = Copy(api)
    copy.follow()
    answers = arena.at_once(
        api.owner, 12, lambda number: api.patch(tasks[number]["id"], title=f"new {number}")
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["revision"] for answer in answers}) == 12
    copy.follow()
    assert copy.tasks == listed(api)
