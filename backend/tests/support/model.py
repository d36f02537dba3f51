"""The contract as plain Python: what an owner's tasks are, and what a write makes of them.

Written from the contract and the specs, not from the service; what it cannot know (ids, numbers,
times) it takes from the answers, and checks that it could be so.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from backend.tests.support.surfaces import PRIMARY


class Refused(Exception):
    """The answer is a problem: its status and its code."""


@dataclass(frozen=True)
class Content:
    """What a client writes of a task."""

    title: str
    description: str | None = None
    completed: bool = False
    priority: str = "none"
    due_date: date | None = None
    due_at: datetime | None = None
    tags: tuple[str, ...] = ()
    order: int | None = None
    repeat: str | None = None
    repeat_from: str = "due"
    repeat_zone: str | None = None
    parent_id: int | None = None


@dataclass(frozen=True)
class Task:
    """A task as an owner has it."""

    id: int
    user_id: int
    content: Content
    repeat_of: int | None
    completed_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime
    trashed: bool = False


def normal(text: str) -> str:
    """Text is kept in one form."""
    return unicodedata.normalize("NFC", text)


PRIORITIES = ("none", "low", "medium", "high")
CONTENT = tuple(field.name for field in fields(Content))
_EVERYTHING = (
    "SELECT task_lists.user_id AS owner, task_lists.revision AS counter, tasks.* "
    "FROM task_lists LEFT JOIN tasks USING (user_id)"
)
_DEFAULTS = {field.name: field.default for field in fields(Content)}
_OTHERS = (
    *("id", "user_id", "repeat_of"),
    *("completed_at", "revision", "created_at", "updated_at"),
)
KEPT = ("repeat", "repeat_from", "repeat_zone", "parent_id")
"""What a PUT keeps if it leaves it out: clients of 1.0.0 do not know it."""

_UNDERSTOOD: dict[str, Callable[[Any], Any]] = {
    "title": lambda text: normal(text).strip(),
    "description": normal,
    "due_date": date.fromisoformat,
    "due_at": lambda text: datetime.fromisoformat(text.upper()).astimezone(UTC),
    "tags": lambda tags: tuple(dict.fromkeys(normal(tag).strip() for tag in tags)),
}


def _understood(body: Mapping[str, Any]) -> dict[str, Any]:
    """The written fields of a body: trimmed, distinct, null as the default, others ignored."""
    return {
        name: _DEFAULTS[name] if value is None else _UNDERSTOOD.get(name, lambda same: same)(value)
        for name, value in body.items()
        if name in CONTENT
    }


def require_valid(body: Mapping[str, Any]) -> None:
    """Refuse what no task could be made of."""
    has_no_title = body.get("title", "") is None
    if has_no_title or (body.get("due_date") is not None and body.get("due_at") is not None):
        raise Refused(400, "validation_error")


def whole(body: Mapping[str, Any]) -> Content:
    """A body that is a whole task: what is left out takes its default."""
    return Content(**_understood(body))


def replaced(content: Content, body: Mapping[str, Any]) -> Content:
    """A body that takes the place of this content, but for what it must name."""
    kept = {name: getattr(content, name) for name in KEPT if name not in body}
    return replace(whole(body), **kept)


def patched(content: Content, body: Mapping[str, Any]) -> Content:
    """RFC 7396: absent keeps, null resets; the two dues exclude each other."""
    merged = replace(content, **_understood(body))
    if merged.due_date is not None and merged.due_at is not None:
        raise Refused(409, "conflict")
    return merged


def sent(content: Content) -> dict[str, Any]:
    """The same content as a whole body, in another spelling than it came in."""
    body = {name: getattr(content, name) for name in CONTENT}
    due_at = content.due_at and content.due_at.isoformat()
    due_date = content.due_date and content.due_date.isoformat()
    return body | {"tags": list(content.tags), "due_at": due_at, "due_date": due_date}


def _answered_instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text), text
    return datetime.fromisoformat(text)


def answered(body: Mapping[str, Any], *, trashed: bool = False) -> Task:
    """A task in an answer, taken at its word: all its fields and no other."""
    assert body.keys() == {*CONTENT, *_OTHERS, "url"}
    assert body["url"] == f"http://testserver{PRIMARY.task(body['user_id'], body['id'])}"
    instants = ("due_at", "completed_at", "created_at", "updated_at")
    values = {**body, **{name: _answered_instant(body[name]) for name in instants}}
    values["tags"] = tuple(body["tags"])
    values["due_date"] = body["due_date"] and date.fromisoformat(body["due_date"])
    content = Content(**{name: values[name] for name in CONTENT})
    return Task(content=content, trashed=trashed, **{name: values[name] for name in _OTHERS})


def stored(connection: Connection) -> dict[int, tuple[int, dict[int, Task]]]:
    """Counter and tasks of every owner as the tables hold them, past the service."""
    found: dict[int, tuple[int, dict[int, Task]]] = {}
    for row in connection.exec_driver_sql(_EVERYTHING).mappings():
        found.setdefault(row["owner"], (row["counter"], {}))
        if row["id"] is None:
            continue
        values = {**row, "priority": PRIORITIES[row["priority"]], "tags": tuple(row["tags"])}
        content = Content(**{name: values[name] for name in CONTENT})
        others = {name: values[name] for name in _OTHERS}
        trashed = row["deleted_at"] is not None
        found[row["owner"]][1][row["id"]] = Task(content=content, trashed=trashed, **others)
    return found
