"""Two clients move tasks at once: in the end both read one order, and few others were renumbered.

The suite moves little. More: `make moves` (10,000), or MOVES=… with this file.
"""

import logging
import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.tests.api.test_moves import line, move
from backend.tests.support.arena import Arena
from backend.tests.support.commands import execute
from backend.tests.support.surfaces import FLAT, PRIMARY
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-74", "NFR-59")]

MOVES = int(os.environ.get("MOVES", "60"))
UPDATED = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'tasks'"
_log = logging.getLogger(__name__)


def test_random_moves_of_two_clients_leave_one_order(arena: Arena) -> None:
    """Each move is where its client wanted it, when it was made; none is lost or half done."""
    api = arena.api(PRIMARY)
    ids = [api.made(title=str(number))["id"] for number in range(100)]
    [[before]] = execute(arena.database, UPDATED)

    def client(number: int) -> int:
        chance, changed = random.Random(number), 0  # noqa: S311  (no secret)
        for _ in range(MOVES // 2):
            task, anchor = chance.sample(ids, 2)
            answer = move(api, task, **{chance.choice(("before", "after")): anchor})
            assert answer.status_code == 200, answer.text
            changed += 1
        return changed

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(client, range(2))) == MOVES // 2 * 2
    one, other = (
        line(arena_api) for arena_api in (api, api.__class__(api.client, FLAT, api.owner))
    )
    assert one == other
    assert sorted(one) == ids
    numbered = [
        task["order"] for task in api.list("sort=order").json() if task["order"] is not None
    ]
    assert numbered == sorted(set(numbered))
    _report(arena, int(str(before)))


def _report(arena: Arena, before: int) -> None:
    """How many rows were written; PostgreSQL tells it a little later."""

    def updated() -> int:
        [[now]] = execute(arena.database, UPDATED)
        return int(str(now)) - before

    wait_until(lambda: updated() > MOVES // 2)
    _log.warning("%d moves wrote %d rows", MOVES, updated())
    assert updated() < MOVES * 2 + 100
