"""The contract's filters, sorts, pages and conditions, as plain Python over the model's tasks."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from backend.tests.support.model import PRIORITIES, Refused, Task, normal

Filters = Mapping[str, Any]
"""By parameter; a missing one does not filter."""

_NEVER = (0, date.max.toordinal() + 1)


def _fold(text: str) -> str:
    """NFKC, case-folded, without characters that are not drawn, and with one i."""
    for form in ("NFD", "NFKD", "NFKD"):
        text = unicodedata.normalize(form, text).casefold()
    text = "".join(c for c in text if c not in "\u00ad\u200b\u200c\u200d\ufe0f")
    return unicodedata.normalize("NFKC", text.replace("ı", "i").replace("i\u0307", "i"))


def _contains(task: Task, question: str) -> bool:
    """Every word, anywhere in title or description, literally."""
    title, description = _fold(task.content.title), _fold(task.content.description or "")
    words = _fold(question).split()
    return all(word in title or word in description for word in words)


def _due_day(task: Task, zone: str) -> int | None:
    """The day on which a task is due, as a number; beyond the calendar there is one each side."""
    if task.content.due_date is not None:
        return task.content.due_date.toordinal()
    if task.content.due_at is None:
        return None
    try:
        return task.content.due_at.astimezone(ZoneInfo(zone)).date().toordinal()
    except OverflowError:
        return _NEVER[task.content.due_at.year > 1]


def _is_overdue(task: Task, zone: str) -> bool:
    now = datetime.now(UTC)
    if task.content.completed:
        return False
    if task.content.due_at is not None:
        return task.content.due_at < now
    today = now.astimezone(ZoneInfo(zone)).date()
    return task.content.due_date is not None and task.content.due_date < today


def _is_due(task: Task, filters: Filters) -> bool:
    if filters.get("overdue") not in {None, _is_overdue(task, filters.get("time_zone", "UTC"))}:
        return False
    day = _due_day(task, filters.get("time_zone", "UTC"))
    first, last = filters.get("due_from"), filters.get("due_to")
    if first is None and last is None:
        return True
    return (
        day is not None
        and (first is None or day >= first.toordinal())
        and (last is None or day <= last.toordinal())
    )


_SIMPLE: dict[str, Callable[[Task, Any], bool]] = {
    "completed": lambda task, wanted: bool(task.content.completed == wanted),
    "priority": lambda task, wanted: not wanted or task.content.priority in wanted,
    "tag": lambda task, wanted: {normal(tag) for tag in wanted} <= set(task.content.tags),
    "q": _contains,
    "updated_since": lambda task, since: bool(task.updated_at >= since),
    "completed_since": lambda task, since: bool(task.completed_at and task.completed_at >= since),
    "parent": lambda task, wanted: task.content.parent_id == (None if wanted == "none" else wanted),
    "untagged": lambda task, wanted: wanted != bool(task.content.tags),
    "without_tag": lambda task, others: (
        not {normal(tag) for tag in others} & set(task.content.tags)
    ),
}


def matches(task: Task, filters: Filters) -> bool:
    simple = all(holds(task, filters[name]) for name, holds in _SIMPLE.items() if name in filters)
    return simple and task.trashed == filters.get("deleted", False) and _is_due(task, filters)


def at(filters: Filters, tasks: Collection[Task]) -> Filters:
    """The same with instants for `…_since`, so many microseconds from one of the changes, and with
    the id of a parent, if there is any.
    """
    changes = sorted(task.updated_at for task in tasks) or [datetime(2026, 3, 29, tzinfo=UTC)]
    found = dict(filters)
    for name in ("updated_since", "completed_since"):
        if name in filters:
            number, microseconds = filters[name]
            since = changes[number % len(changes)] + timedelta(microseconds=microseconds)
            found[name] = since
    if filters.get("parent", "none") != "none":
        ids = sorted({task.content.parent_id or 1 for task in tasks}) or [1]
        found["parent"] = ids[filters["parent"] % len(ids)]
    return found


def _due(task: Task) -> datetime | None:
    """A day counts as its first instant in UTC."""
    if task.content.due_date is not None:
        return datetime.combine(task.content.due_date, time.min, UTC)
    return task.content.due_at


_KEYS: dict[str, Callable[[Task], Any]] = {
    "created_at": lambda task: task.created_at,
    "updated_at": lambda task: task.updated_at,
    "due": _due,
    "priority": lambda task: PRIORITIES.index(task.content.priority),
    "order": lambda task: task.content.order,
    "title": lambda task: _fold(task.content.title),
    "completed": lambda task: task.content.completed,
}
SORT_KEYS = tuple(_KEYS)


def _sorted(tasks: Iterable[Task], terms: Iterable[str]) -> list[Task]:
    """By the last key first, for sorting is stable; the ids before all."""
    found = sorted(tasks, key=lambda task: task.id)
    for term in reversed([*terms]):
        key = _KEYS[term.removeprefix("-")]
        nulls = [task for task in found if key(task) is None]
        others = [task for task in found if key(task) is not None]
        found = [*sorted(others, key=key, reverse=term.startswith("-")), *nulls]
    return found


def _written(value: Any) -> Any:
    """A value as it is spelled in a query."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else value


def encoded(parameters: Mapping[str, Any]) -> str:
    """A query string."""
    return urlencode({name: _written(value) for name, value in parameters.items()}, doseq=True)


@dataclass(frozen=True)
class Query:
    """What a list is asked for."""

    filters: Filters
    sort: tuple[str, ...] = ()
    limit: int | None = None
    count: bool | None = None

    def __str__(self) -> str:
        others = {"sort": ",".join(self.sort), "limit": self.limit, "count": self.count}
        return encoded({**self.filters, **{name: v for name, v in others.items() if v}})

    @property
    def follows_the_clock(self) -> bool:
        return "overdue" in self.filters

    @property
    def page_size(self) -> int:
        return self.limit or 500

    def all(self, tasks: Iterable[Task]) -> list[Task]:
        """What matches, in order."""
        found = (task for task in tasks if matches(task, self.filters))
        return _sorted(found, self.sort or ["created_at"])

    def after(self, last: Task, tasks: Iterable[Task]) -> list[Task]:
        """What comes behind a task as it was when its page ended."""
        found = [task for task in tasks if matches(task, self.filters)]
        order = _sorted([*found, last], self.sort or ["created_at"])
        place = max(place for place, task in enumerate(order) if task is last)
        return order[place + 1 :]


_TAGS = {
    "none": "",
    "any": "*",
    "current": '"{now}-1"',
    "listed": '"x",W/"0" , "{now}-1"',
    "weak": 'W/"{now}-1"',
    "stale": '"{before}-1"',
    "of another look": '"{now}"',
    "other": '"x"',
    "malformed": "{now}",
}
CONDITIONS = tuple(_TAGS)


@dataclass(frozen=True)
class Condition:
    """An If-Match or If-None-Match, told by its relation to the current entity tag."""

    kind: str

    def header(self, name: str, revision: int) -> dict[str, str]:
        tags = _TAGS[self.kind].format(now=revision, before=revision - 1)
        return {name: tags} if tags else {}

    def require_valid(self) -> None:
        if self.kind == "malformed":
            raise Refused(400, "validation_error")

    def require_match(self) -> None:
        """A weak tag counts as its revision: proxies make strong ones weak."""
        if self.kind in {"stale", "other"}:
            raise Refused(412, "precondition_failed")

    @property
    def is_known(self) -> bool:
        """If-None-Match compares weakly: the client has it already."""
        return self.kind in {"any", "current", "listed", "weak"}
