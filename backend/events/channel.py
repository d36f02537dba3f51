"""One owner with subscribers: what the poller saw of it, and pages of its feed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

from backend.services.changes import Changes, Position

KEPT_PAGES = 8
"""Pages of one owner that are kept for others at the same place."""


class Channel:
    """One owner with subscribers: its revision as the last poll saw it, and pages of its feed."""

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.subscribers = 0
        self.revision: int | None = None
        self.seen_by = 0
        """The number of the poll that saw it."""
        self._changed = asyncio.Event()
        self._pages: dict[tuple[str, Position], asyncio.Task[Changes]] = {}

    def note(self, revision: int, poll: int) -> None:
        """The owner's revision by this poll; whoever waits looks at it."""
        self.revision, self.seen_by = revision, poll
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self) -> None:
        """Until there is something to look at."""
        await self._changed.wait()

    async def page(
        self, address: str, position: Position, read: Callable[[], Awaitable[Changes]]
    ) -> Changes:
        """The page at a position, read once for all who are there."""
        key = (address, position)
        task = self._pages.get(key)
        if task is None:
            # In a context of its own: it is no part of the request that happens to be the first.
            task = asyncio.create_task(_awaited(read), context=Context())
            self._pages[key] = task
            task.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(task)

    def _keep(self, key: tuple[str, Position], task: asyncio.Task[Changes]) -> None:
        is_good = not task.cancelled() and task.exception() is None
        if not is_good or task.result().next == key[1]:
            self._pages.pop(key, None)
        while len(self._pages) > KEPT_PAGES:
            del self._pages[next(iter(self._pages))]


async def _awaited(read: Callable[[], Awaitable[Changes]]) -> Changes:
    return await read()
