"""Changes as they happen: one poller for all subscribers of the process.

A subscriber holds no connection to the database, no thread and no slot: it waits for the poller to
see another revision of its owner, and then reads the feed (specs/007-many-at-once/events.md).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass

from backend.config import Settings
from backend.database.engine import Sessions
from backend.database.execution import OperatorSession, OwnedSession
from backend.database.outages import Outages
from backend.database.retries import Attempts
from backend.errors import AppError, CursorExpired, Overloaded
from backend.events.channel import Channel
from backend.gates import Gates
from backend.observability.incidents import report_once
from backend.observability.metrics import SUBSCRIBERS
from backend.services.changes import Changes, ChangeService, Position, revision_of
from backend.services.positions import positions

PAGE = 100
"""Changes that are read at once."""

_log = logging.getLogger("backend.errors")


@dataclass(frozen=True)
class Event:
    """A change as JSON, or none where only the place is told: everything up to it is known.

    `expired`: the client must read anew; nothing follows.
    """

    revision: int = 0
    change: str | None = None
    expired: bool = False


class Events:
    """The subscribers of a process."""

    def __init__(
        self, settings: Settings, sessions: Sessions, gates: Gates, outages: Outages
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._gates = gates
        self._outages = outages
        self._interval = settings.events_interval
        self._channels: dict[int, Channel] = {}
        self._subscribers = 0
        self._poller: asyncio.Task[None] | None = None
        self._last_poll = float("-inf")
        self.polls = 0
        """How many polls have begun."""
        self.is_closing = False

    @contextmanager
    def subscription(self, owner: int, address: str) -> Iterator["Subscription"]:
        """A place for the block; `address` begins the `url` of each task. Raises Overloaded."""
        if self.is_closing or self._subscribers >= self._settings.max_subscribers:
            report_once("overloaded: MAX_SUBSCRIBERS streams are open already")
            raise Overloaded("The service has as many subscribers as it can. Try again.")
        channel = self._channels.setdefault(owner, Channel(owner))
        channel.subscribers += 1
        self._subscribers += 1
        SUBSCRIBERS.add(1)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll_forever(), context=Context())
        try:
            yield Subscription(self, channel, address)
        finally:
            self._subscribers -= 1
            SUBSCRIBERS.add(-1)
            channel.subscribers -= 1
            if not channel.subscribers:
                del self._channels[owner]

    def close(self) -> None:
        """End all streams; their clients come again, to another process."""
        self.is_closing = True
        for channel in self._channels.values():
            channel.wake()

    async def pause(self) -> None:
        """Until it is worth to try again."""
        await asyncio.sleep(self._interval)

    async def read(self, owner: int, address: str, position: Position) -> Changes:
        """A page of an owner's feed, within the owner's share of the connections."""
        return await self._gates.in_database(owner, lambda: self._page(owner, address, position))

    def _page(self, owner: int, address: str, position: Position) -> Changes:
        until = time.monotonic() + self._settings.request_timeout
        attempts = Attempts(until, 0, self._outages)
        with self._sessions() as session:
            owned = OwnedSession(session, owner, address, attempts)
            return ChangeService(owned).page(position, PAGE)

    async def _poll_forever(self) -> None:
        """While there are subscribers; a poll in each interval at most."""
        while self._channels and not self.is_closing:
            await asyncio.sleep(max(0.0, self._last_poll + self._interval - time.monotonic()))
            self._last_poll = time.monotonic()
            try:
                await self._poll()
            except AppError:
                continue  # the reason is in the log; the next poll sees what this one missed
            except Exception as error:  # noqa: BLE001  (the next poll may work)
                _log.error("unexpected %s", type(error).__name__, exc_info=error)

    async def _poll(self) -> None:
        self.polls += 1
        number, owners = self.polls, list(self._channels)
        found = await self._gates.in_database(None, lambda: self._positions(owners))
        for owner, revision in found.items():
            if channel := self._channels.get(owner):
                channel.note(revision, number)

    def _positions(self, owners: list[int]) -> dict[int, int]:
        with self._sessions() as session:
            operator = OperatorSession(session, self._settings.request_timeout)
            return positions(operator, owners)


class Subscription:
    """One client: how far it has come, and what it is told next."""

    def __init__(self, events: Events, channel: Channel, address: str) -> None:
        self._events = events
        self._channel = channel
        self._address = address

    async def follow(self, since: int) -> AsyncIterator[Event]:
        """Everything after a revision, until the process leaves."""
        self._read_at = self._events.polls
        position = Position(since)
        yield Event(position.since)
        while await self._is_due(position):
            try:
                page = await self._page(position)
            except CursorExpired:
                yield Event(expired=True)
                return
            except AppError:  # silence, until there is a database again
                await self._events.pause()
                continue
            for item in page.items:
                yield Event(revision_of(item), item)
            if page.next == position:  # a failover has led to a server that is behind
                await self._events.pause()
            position = page.next
            if not page.has_more:
                yield Event(position.since)

    async def _is_due(self, position: Position) -> bool:
        """Wait until there is something to read at a position; false where the process leaves."""
        while not self._events.is_closing:
            if position.began is not None or self._is_elsewhere(position.since):
                return True
            await self._channel.wait()
        return False

    def _is_elsewhere(self, since: int) -> bool:
        """Whether the owner's revision is beyond; or before, by a poll that began after we read."""
        revision = self._channel.revision
        if revision is None or revision == since:
            return False
        return revision > since or self._channel.seen_by > self._read_at

    async def _page(self, position: Position) -> Changes:
        self._read_at = self._events.polls
        owner, address = self._channel.owner, self._address
        return await self._channel.page(
            address, position, lambda: self._events.read(owner, address, position)
        )
