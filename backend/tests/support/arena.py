"""Where many requests for one owner meet in the database, and none has begun too late."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import httpx
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL

from backend.tests.support.api import Api
from backend.tests.support.surfaces import Surface
from backend.tests.support.waiting import wait_until

HOLD = (
    "INSERT INTO task_lists (user_id, revision, changed_at) VALUES ({}, 1, now()) "
    "ON CONFLICT (user_id) DO UPDATE SET revision = task_lists.revision"
)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@dataclass(frozen=True)
class Arena:
    """A server whose database holds requests until all have come; each test has its own owner."""

    client: httpx.Client
    database: URL
    _owners: Iterator[int] = field(default_factory=partial(count, 1))

    def api(self, surface: Surface) -> Api:
        """The requests of an owner whom no other test has."""
        return Api(self.client, surface, next(self._owners))

    def at_once(self, owner: object, number: int, send: Callable[[int], Any]) -> list[Any]:
        """Send while the owner's row is held: each statement begins before any other ends."""
        engine = create_engine(self.database, poolclass=NullPool)
        with ThreadPoolExecutor(number) as pool, engine.connect() as holder:
            holder.exec_driver_sql(HOLD.format(owner))
            sent = [pool.submit(send, n) for n in range(number)]
            wait_until(partial(_have_come, sent, holder))
            holder.rollback()
        return [one.result() for one in sent]


def _have_come(sent: list[Future[Any]], holder: Connection) -> bool:
    """Each waits in the database, or is done because it had nothing to wait for."""
    waiting: int = holder.exec_driver_sql(WAITING).scalar_one()
    return waiting + sum(map(Future.done, sent)) >= len(sent)
