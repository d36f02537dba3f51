"""Text of a file as a task can have it: the rules of the API, but what is too long is cut."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from backend.models.task import (
    DESCRIPTION_LENGTH,
    TAG_COUNT,
    TAG_LENGTH,
    TITLE_LENGTH,
    UID_LENGTH,
)
from backend.models.text import is_visible, normalised
from backend.services.transfer.record import Flaw, Lost, Named, Record

# White_Space of Unicode, which the API trims; `str.strip` alone would take U+001C to U+001F, too.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501
MAX_TAGS = 1000
"""Of one task in a file, that are looked at; it can have twenty."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SAME_TASK = ("title", "description", "due_date", "due_at", "tags")


def fit(record: Record) -> Flaw | Lost | None:
    """Bring the texts into the form that is stored; None if that makes a task.

    A title is trimmed. If it is too long, the description begins with it; if there is none, the
    description's first line is one.
    """
    texts = [record.values.get("title"), record.values.get("description"), record.uid]
    texts += record.values.get("tags", ())
    texts += [text for named in record.ties for text in named]
    if any(text is not None and _UNSTORABLE.search(text) for text in texts):
        message = "must have neither NUL nor a surrogate without its other half"
        return Flaw(record.line, message, "unstorable_text")
    if not _fit_title(record):
        return Lost.EMPTY
    _fit_description(record)
    if "tags" in record.values:
        record.values["tags"] = _fitting_tags(record, record.values["tags"])
    _fit_dues(record)
    if record.completed_at is not None and not record.values.get("completed"):
        record.lost.add(Lost.OTHER)  # an open task has no such moment
    record.uid = _fitting_uid(record.uid)
    if record.parent is not None:
        record.values["parent_id"] = _fitting_name(record.parent)
    if record.repeat_of is not None:
        record.repeat_of = _fitting_name(record.repeat_of)
    return None


def _fitting_uid(uid: str | None) -> str | None:
    return digest(uid) if uid is not None and len(uid) > UID_LENGTH else uid


def _fitting_name(named: Named) -> Named:
    return named._replace(uid=_fitting_uid(named.uid))


def _fit_title(record: Record) -> bool:
    title = label(record.values.get("title") or "")
    description = record.values.get("description") or ""
    if not is_visible(title):
        title = next(
            (line for line in map(label, description.splitlines()) if is_visible(line)), ""
        )
    if not title:
        return False
    if len(title) > TITLE_LENGTH:
        record.lost.add(Lost.LONG_TITLE)
        record.values["description"] = f"{title}\n\n{description}" if description else title
        title = label(title[:TITLE_LENGTH])
    record.values["title"] = title
    return is_visible(title)


def label(text: str) -> str:
    """A line that people read: NFC, trimmed."""
    return normalised(text).strip(BLANKS)


def _fit_description(record: Record) -> None:
    description = record.values.get("description")
    if description is None:
        return
    description = normalised(description)
    if len(description) > DESCRIPTION_LENGTH:
        record.lost.add(Lost.LONG_DESCRIPTION)
        description = description[:DESCRIPTION_LENGTH]
    record.values["description"] = description


def _fitting_tags(record: Record, tags: Sequence[str]) -> list[str]:
    sent = list(dict.fromkeys(map(label, tags[:MAX_TAGS])))
    good = [tag for tag in sent if is_visible(tag) and len(tag) <= TAG_LENGTH][:TAG_COUNT]
    if len(good) < len(sent) or len(tags) > MAX_TAGS:
        record.lost.add(Lost.TAGS)
    return good


def _fit_dues(record: Record) -> None:
    """Whoever says one of them says that there is no other; an instant says more than a day."""
    values = record.values
    if values.get("due_at") is not None:
        values["due_date"] = None
    elif values.get("due_date") is not None:
        values["due_at"] = None


def identity(record: Record) -> str:
    """A UID for a task of a file that has none: the same for the same task."""
    content: list[Any] = [record.values.get(name) for name in _SAME_TASK]
    return digest(json.dumps([*content, record.created_at], default=str))


def digest(text: str) -> str:
    """A short UID for a long text."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:40]}@tasks.invalid"
