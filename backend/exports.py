"""Exports that are under way: how many, and how each reads its pages.

Between two pages an export holds no transaction, no connection and no slot. For each it takes its
turn as a request does (specs/008-in-and-out/export.md).
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from anyio import to_thread
from sqlmodel import Session

from backend.config import Settings
from backend.database.execution import OwnedSession
from backend.database.outages import Outages
from backend.database.retries import Attempts
from backend.errors import Overloaded
from backend.gates import Gates
from backend.observability.incidents import report_once
from backend.services.lists import ListQuery, ListService, Page
from backend.services.transfer.formats import Writer


class Exports:
    """The exports of a process."""

    def __init__(self, settings: Settings, gates: Gates, outages: Outages) -> None:
        self._settings = settings
        self._gates = gates
        self._outages = outages
        self._most = max(1, settings.max_exports * 3 // 4)
        self._of_owner: Counter[int] = Counter()

    @contextmanager
    def export(self, session: Session, owner: int, address: str) -> Iterator["Export"]:
        """A place for the block; `address` begins the `url` of each task. Raises Overloaded."""
        is_full = self._of_owner.total() >= self._settings.max_exports
        if is_full or self._of_owner[owner] >= self._most:
            report_once("overloaded: MAX_EXPORTS are under way already")
            raise Overloaded("The service has as many exports under way as it can. Try again.")
        self._of_owner[owner] += 1
        try:
            yield Export(self, session, owner, address)
        finally:
            self._of_owner[owner] -= 1
            if not self._of_owner[owner]:
                del self._of_owner[owner]

    async def page(self, session: Session, owner: int, address: str, query: ListQuery) -> Page:
        """A page, when it is this owner's turn. The session is connected for this page only."""

        def read() -> Page:
            until = time.monotonic() + self._settings.request_timeout
            attempts = Attempts(until, self._settings.retry_window, self._outages)
            return ListService(OwnedSession(session, owner, address, attempts)).page(query)

        return await self._gates.in_database(owner, read)

    async def rendered(self, writer: Writer, tasks: Sequence[str], *, is_first: bool) -> bytes:
        """A page as it stands in the file."""

        def render() -> bytes:
            return writer.page(tasks, is_first=is_first).encode()

        return await to_thread.run_sync(render, limiter=self._gates.computing)


class Export:
    """One file that is on its way to a client."""

    def __init__(self, exports: Exports, session: Session, owner: int, address: str) -> None:
        self._exports = exports
        self._session = session
        self._owner = owner
        self._address = address

    async def page(self, query: ListQuery) -> Page:
        """A page of what is asked for. Raises what a list raises."""
        return await self._exports.page(self._session, self._owner, self._address, query)

    async def parts(self, query: ListQuery, page: Page, writer: Writer) -> AsyncIterator[bytes]:
        """The file, a page at a time, from its first page on."""
        yield writer.head().encode()
        is_first = True
        while True:
            if page.json:
                yield await self._exports.rendered(writer, page.tasks, is_first=is_first)
                is_first = False
            if page.next_cursor is None:
                break
            page = await self.page(replace(query, cursor=page.next_cursor, if_none_match=None))
        yield writer.tail().encode()
