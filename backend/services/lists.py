"""Many tasks of one owner: pages of a list, and bulk writes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.errors import DatabaseUnavailable, TimedOut
from backend.queries import bulk, cursor, lists, sorting
from backend.queries.filters import Filters
from backend.queries.sorting import Sort
from backend.services.entity_tags import EntityTags
from backend.services.of_owner import OwnerService

MAX_BATCH = 10_000
"""Tasks that one statement moves: far less than a second's work."""


@dataclass(frozen=True)
class ListQuery:
    """What a list is asked for. `if_none_match` lists what the client has already; it has no
    meaning where the filters follow the clock, and must be None.
    """

    filters: Filters
    sort: Sort
    limit: int
    cursor: str | None = None
    count: bool = False
    if_none_match: EntityTags | None = None
    exported: bool = False
    """Whether the tasks are to stand in a file (`queries/exporting.py`)."""


@dataclass(frozen=True)
class Page:
    """Tasks as JSON, where the next page begins, the number of all, and the list's revision.

    `is_of_revision`: the list is another only at another revision, so that this can be its tag.
    """

    json: str
    """With SEPARATOR between the tasks: to take them apart costs more than to find the last one."""

    next_cursor: str | None
    total: int | None
    revision: int
    is_of_revision: bool = True

    @property
    def tasks(self) -> list[str]:
        """Each as a JSON object."""
        return self.json.split(lists.SEPARATOR) if self.json else []

    @property
    def array(self) -> str:
        """All of them as one JSON array."""
        return f"[{self.json.replace(lists.SEPARATOR, ',')}]"


class ListService(OwnerService):
    """Reads and writes many tasks, in one round trip per method."""

    def page(self, query: ListQuery) -> Page:
        """A page; without tasks if the client's copy is current. Raises InvalidCursor."""
        last = self._last(query)
        row = self._session.one(_statement(query, last), **_parameters(query, last))
        page, next_cursor = row.json or "", None
        if row.number > query.limit:
            page = page[: page.rindex(lists.SEPARATOR)]
            last_task = page[page.rfind(lists.SEPARATOR) + 1 :]
            position = sorting.position(query.sort, json.loads(last_task))
            next_cursor = cursor.encode(self._identity(query), position)
        is_of_revision = not query.filters.follow_the_clock
        return Page(page, next_cursor, row.total, row.revision, is_of_revision)

    def move(self, filters: Filters) -> int:
        """Move what matches to the trash, or out of it where the filters mean the trash.

        Answers how many. In batches, each a round trip: what the deadline cuts short has been done
        so far, and the error says so. Repeatable.
        """
        statement, moved, after_id = bulk.moving(filters.active), 0, 0
        while True:
            try:
                row = self._session.one(
                    statement, after_id=after_id, batch=MAX_BATCH, **filters.parameters
                )
            except (DatabaseUnavailable, TimedOut) as error:
                if not moved:
                    raise
                rest = f"{moved} tasks were done before that; send the request again for the rest."
                raise type(error)(f"{error} {rest}") from error
            moved += row.moved
            if row.last_id is None or row.matched < MAX_BATCH:
                return moved
            after_id = row.last_id

    def _last(self, query: ListQuery) -> Sequence[Any] | None:
        """The position where the previous page ended; None for the first page."""
        if query.cursor is None:
            return None
        position = cursor.decode(self._identity(query), query.cursor)
        return sorting.parsed(query.sort, position)

    def _identity(self, query: ListQuery) -> str:
        """What a cursor is bound to: the owner, the filters and the order."""
        order = ",".join(f"-{key}" if reverse else key for key, reverse in query.sort)
        return f"{self._session.owner}\n{query.filters.identity}\n{order}"


def _statement(query: ListQuery, last: Sequence[Any] | None) -> lists.PageStatement:
    nulls = tuple(value is None for value in last[:-1]) if last else None
    is_conditional = query.if_none_match is not None
    of_rows = query.filters.active, query.sort, nulls
    shape = lists.Shape(*of_rows, query.count, is_conditional, query.exported)
    return lists.page(shape)


def _parameters(query: ListQuery, last: Sequence[Any] | None) -> dict[str, Any]:
    tags = query.if_none_match or EntityTags()
    return {
        **query.filters.parameters,
        **(sorting.bounds(last) if last else {}),
        "limit": query.limit,
        "known": tags.seen,
        "knows_any": tags.is_any,
    }
