"""Counts of a list, and how long they stay valid."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.models.task import Priority
from backend.queries import summary as queries
from backend.queries.filters import day_in, now_in
from backend.queries.statement import SummaryRow
from backend.services.entity_tags import EntityTags
from backend.services.of_owner import OwnerService

NUMBERS = ("open", "completed", "overdue", "due_today", "trash")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Summary:
    """The counts as JSON, and their entity tag; no JSON if the client's copy is current."""

    tag: str
    json: str | None


class SummaryService(OwnerService):
    """Counts the tasks of one owner, in one round trip."""

    def read(
        self, time_zone: str, known: EntityTags | None = None, parent: int | None = None
    ) -> Summary:
        """The numbers now, where today is that of the zone.

        `parent`: of its sub-tasks alone, or, with 0, of what is no sub-task.

        Their tag has the owner's revision and the last moment until which they hold unless there
        is a write: the next instant at which a task is due, or the end of the day.
        """
        moments = now_in(ZoneInfo(time_zone))
        now, today = _microseconds(moments["filter_now"]), day_in(moments, ZoneInfo(time_zone))
        held = {revision: until for revision, until in _timed(known) if until >= now}
        under = {"any_parent": parent is None, "filter_parent": parent or None}
        row = self._session.one(queries.SUMMARY, **moments, **today, **under, known=list(held))
        if row.revision in held:
            return Summary(_tag(row.revision, held[row.revision]), None)
        until = min(row.next_due or today["today_to"], today["today_to"])
        tag = _tag(row.revision, _microseconds(until))
        is_known = known is not None and known.is_any
        return Summary(tag, None if is_known else _rendered(row))


def _timed(known: EntityTags | None) -> tuple[tuple[int, int], ...]:
    return known.numbers if known is not None else ()


def _tag(revision: int, until: int) -> str:
    return f'"{revision}-{until}"'


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _rendered(row: SummaryRow) -> str:
    numbers: dict[str, Any] = {name: getattr(row, name) for name in NUMBERS}
    numbers["by_priority"] = {str(name): getattr(row, name) for name in Priority}
    text = json.dumps(numbers, separators=(",", ":"))
    return f'{text[:-1]},"by_tag":[{row.tags or ""}],"revision":{row.revision}}}'
