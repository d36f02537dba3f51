"""How long one may wait in line: not counting the time in which a database wakes."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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

    @asynccontextmanager
    async def timeout(self) -> AsyncIterator[None]:
        """Raises TimeoutError. The reason of the wait may change: at its end it is asked again."""
        since, loop = time.monotonic(), asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            timer: asyncio.Handle

            def look() -> None:
                nonlocal timer
                begin = max(since, self.last_connecting())
                end = min(begin + self.max_wait, since + self.max_total)
                left = end - time.monotonic()
                if left > 0:
                    timer = loop.call_later(left, look)
                else:
                    limit.reschedule(loop.time())

            timer = loop.call_soon(look)
            try:
                yield
            finally:
                timer.cancel()
