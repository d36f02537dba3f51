"""No owner takes all connections: one with sixteen dear queries leaves room for the others."""

from contextvars import ContextVar
from functools import partial
from typing import Protocol

from backend.errors import Overloaded
from backend.observability.incidents import report_once
from backend.observability.metrics import WAITING
from backend.patience import Line, Patience

MAX_WAITING = 1024
"""Requests that wait for their owner's share at a time."""


class Slot(Protocol):
    """The request's place inside of the service (`edge/admission.py`)."""

    def step_out(self) -> None:
        """Let another request in."""

    async def enter(self) -> None:
        """Come in again, behind those who wait already; raises Overloaded."""


current_slot: ContextVar[Slot | None] = ContextVar("current_slot", default=None)
"""The place of the request that is being served, if it has one."""


class Shares:
    """How many requests of one owner are in the database: three quarters of `size` at most.

    The next one waits outside, so that it takes no place from other owners' requests, and has its
    turn when one of its own owner's ends.
    """

    def __init__(self, size: int, patience: Patience) -> None:
        """`size` in requests at a time."""
        self._most = max(1, size - max(1, size // 4))
        self._patience = patience
        self._held: dict[int, int] = {}
        self._lines: dict[int, Line] = {}
        self._waiting = 0

    async def take(self, owner: int) -> None:
        """Begin a request of this owner; raises Overloaded if its turn does not come in time."""
        held = self._held.get(owner, 0)
        if held < self._most:
            self._held[owner] = held + 1
            return
        slot = current_slot.get()
        if slot is not None:
            slot.step_out()
        await self._wait(owner)
        try:
            if slot is not None:
                await slot.enter()
        except BaseException:
            self.give_back(owner)
            raise

    def give_back(self, owner: int) -> None:
        """End a request: the owner's next one has its share, if one waits."""
        line = self._lines.get(owner)
        if line is not None and line.call_next():
            return
        self._lines.pop(owner, None)
        if (left := self._held[owner] - 1) > 0:
            self._held[owner] = left
        else:
            del self._held[owner]

    async def _wait(self, owner: int) -> None:
        if self._waiting >= MAX_WAITING:
            report_once(f"overloaded: {MAX_WAITING} requests wait for others of their owner")
            raise Overloaded
        if owner not in self._lines:
            self._lines[owner] = Line(self._patience, partial(self.give_back, owner))
        self._waiting += 1
        WAITING.add(1, "share")
        try:
            await self._lines[owner].wait()
        except TimeoutError:
            report_once("overloaded: one owner's requests take more than their share")
            raise Overloaded("Other requests for this user take long. Nothing was done.") from None
        finally:
            self._waiting -= 1
            WAITING.add(-1, "share")
