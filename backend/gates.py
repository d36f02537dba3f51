"""The waiting lines inside of the application, in front of the database and of long computing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

from anyio import CapacityLimiter
from sqlalchemy.util.concurrency import greenlet_spawn

from backend.errors import Overloaded
from backend.observability.incidents import report_once
from backend.observability.metrics import WAITING
from backend.patience import Patience, Places
from backend.shares import Shares, Slot, current_slot

DEFAULT_PATIENCE = Patience(2)
Result = TypeVar("Result")


class _Gate(asyncio.Semaphore):
    """A semaphore whose line is seen from the outside."""

    async def acquire(self) -> Literal[True]:
        if not self.locked():
            return await super().acquire()
        WAITING.add(1, "connection")
        try:
            return await super().acquire()
        finally:
            WAITING.add(-1, "connection")


class Gates:
    """The waiting lines inside of the application, and whether the process is leaving."""

    def __init__(self, pool_size: int, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.connections: asyncio.Semaphore = _Gate(pool_size)
        """As many handlers at a time as connections: none waits for another one's."""

        self.shares = Shares(pool_size, patience)
        """What one owner may have of them."""

        self.readiness = CapacityLimiter(1)
        """The thread of the readiness check, which must answer while all else waits."""

        self._imports = Places(1, patience)
        """One import at a time, from reading to writing: it takes twenty times its file's size."""

        self.computing = CapacityLimiter(1)
        """The thread in which files are read and written: one at a time, for the loop needs the
        interpreter, too.
        """

        self.scrapes = CapacityLimiter(1)
        """The thread that puts the numbers of the service into text."""

        self.is_draining = False

    def drain(self) -> None:
        """From now on the process is not ready."""
        self.is_draining = True

    @asynccontextmanager
    async def turn_to_import(self) -> AsyncIterator[None]:
        """The block is the only import. It waits for its turn without its slot, so that other
        requests are served meanwhile; raises Overloaded if the turn does not come in time.
        """
        if not self._imports.take():
            await self._wait_to_import(current_slot.get())
        try:
            yield
        finally:
            self._imports.give_back()

    async def _wait_to_import(self, slot: Slot | None) -> None:
        if slot is not None:
            slot.step_out()
        try:
            await self._imports.wait()
        except TimeoutError:
            report_once("overloaded: other imports take longer than ADMISSION_TIMEOUT")
            raise Overloaded("Another import is under way. Nothing was done; try again.") from None
        try:
            if slot is not None:
                await slot.enter()
        except BaseException:
            self._imports.give_back()
            raise

    async def in_database(self, owner: int | None, work: Callable[[], Result]) -> Result:
        """Do the work in a greenlet, which may wait for the database, when a connection is free.

        Within the owner's share of them, if it is an owner's; raises Overloaded.
        """
        if owner is None:
            return await self._connected(work)
        await self.shares.take(owner)
        try:
            return await self._connected(work)
        finally:
            self.shares.give_back(owner)

    async def _connected(self, work: Callable[[], Result]) -> Result:
        async with self.connections:
            result: Result = await greenlet_spawn(work)
        return result
