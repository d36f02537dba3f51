"""Bytes of bodies that have been read from sockets, and not yet by the application."""

from asyncio import AbstractEventLoop

SMALL_READ = 16_384
"""Bytes of a body that are taken in any case."""


class TurnBudget:
    """How much is read in one turn of the event loop, from all connections together.

    In each turn the application takes what the one before has brought, and counts it
    (`admission.py`). But a turn reads from every socket that has something: 2,000 clients with a
    quarter of a megabyte each would bring 500 MB at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._read = 0

    def takes(self, size: int, loop: AbstractEventLoop) -> bool:
        """Whether this many bytes may be kept until the application takes them."""
        if self._read == 0:
            loop.call_soon(self._begin)
        self._read += size
        return self._read <= self._limit or size <= SMALL_READ

    def _begin(self) -> None:
        self._read = 0
