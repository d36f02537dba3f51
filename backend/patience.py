"""Waiting in line, and for how long: not counting the time in which a database wakes."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


def never() -> float:
    """No connection was ever made."""
    return -math.inf


@dataclass(frozen=True)
class Patience:
    """`max_wait` seconds while those in front only work.

    The time in which they wait for a connection to a database that wakes does not count, up to
    `max_total` seconds; `last_connecting` tells the last such moment, of `time.monotonic()`.
    """

    max_wait: float
    max_total: float = math.inf
    last_connecting: Callable[[], float] = never

    def until(self, since: float) -> float:
        """When to give up, as of now, for who waits since then: connecting may put it off."""
        begin = max(since, self.last_connecting())
        return min(begin + self.max_wait, since + self.max_total)


class Line:
    """Those who wait for their turn, first come, first served.

    One timer serves all of them: who came first is late first.
    """

    def __init__(self, patience: Patience, give_back: Callable[[], None]) -> None:
        """`give_back` takes a turn that came to somebody who was leaving in this moment."""
        self._patience = patience
        self._give_back = give_back
        self._turns: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._turns)

    async def wait(self) -> None:
        """Until it is this one's turn; raises TimeoutError if that takes too long."""
        turn = asyncio.get_running_loop().create_future()
        place = time.monotonic(), turn
        self._turns.append(place)
        if self._timer is None:
            self._look()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if place in self._turns:
                    self._turns.remove(place)
                self._rest()
            elif turn.exception() is None:
                self._give_back()
            raise

    def call_next(self) -> bool:
        """Give the turn to who waits longest; False if nobody waits."""
        is_called = False
        while self._turns and not is_called:
            _, turn = self._turns.popleft()
            if not turn.done():  # else it is leaving
                turn.set_result(None)
                is_called = True
        self._rest()
        return is_called

    def _look(self) -> None:
        """Send away who has waited for too long, and look again when the next one has."""
        now, self._timer = time.monotonic(), None
        while self._turns:
            since, turn = self._turns[0]
            left = self._patience.until(since) - now
            if left > 0:
                self._timer = turn.get_loop().call_later(left, self._look)
                return
            self._turns.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())

    def _rest(self) -> None:
        if not self._turns and self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Places:
    """So many at a time; the others wait in line."""

    def __init__(self, number: int, patience: Patience) -> None:
        self.free = number
        self.line = Line(patience, self.give_back)

    def take(self) -> bool:
        """Take a place, if one is free."""
        if self.free == 0:
            return False
        self.free -= 1
        return True

    async def wait(self) -> None:
        """Take the next place that is given back; raises TimeoutError."""
        await self.line.wait()

    def give_back(self) -> None:
        if not self.line.call_next():
            self.free += 1
