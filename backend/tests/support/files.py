"""Files of tasks without the service: written and read by the formats themselves."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from backend.models.text import is_visible
from backend.services.transfer.fitting import label
from backend.services.transfer.formats import FORMATS, OUTGOING
from backend.services.transfer.moments import written
from backend.services.transfer.reading import Contents, Reading
from backend.services.transfer.record import Lost, Record
from backend.services.transfer.source import Source
from backend.tests.support.strategies import DAYS, DESCRIPTIONS, ORDERS, TAGS, TITLES

UTC = ZoneInfo("UTC")
NASTY = (
    *(
        "a;=1+1;b",
        "a\t=1",
        "a|'=1",
        "=1+1",
        "'=1",
        "''=1",
        " \u00a0=1",
        "\u200b@x",
        "a\r\n\t=1",
        "-1",
        "x 2026-01-01 +p @c",
    ),
    *(
        "C:\\new",
        "\\N",
        "\\\\,",
        "a;b,c:d",
        '"',
        '""',
        "'",
        "a\rb",
        "\x07bell",
        "\x1cfs",
        "\ufeffx",
    ),
    *(
        "\u2028=1",
        "\uff1d1",
        "# +1\v=2",
        "due:2026-01-01 pri:A",
        "ü" * 90,
        "BEGIN:VTODO",
        "x\x85=y",
    ),
)
RULES = (
    *("FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY", "FREQ=YEARLY;INTERVAL=10"),
    "FREQ=MONTHLY;COUNT=3;INTERVAL=2;BYDAY=-1FR,2MO",
    "FREQ=YEARLY;UNTIL=20301231T235959Z;BYMONTH=2;BYMONTHDAY=-1",
)
_SURROGATES: Any = ("Cs",)
_CHARACTERS = st.characters(exclude_categories=_SURROGATES, exclude_characters="\0")


def _labels(pool: Sequence[str], length: int) -> st.SearchStrategy[str]:
    text = st.sampled_from(pool) | st.text(_CHARACTERS, max_size=length)
    return text.map(label).filter(lambda one: is_visible(one) and len(one) <= length)


_MOMENTS = st.datetimes(timezones=st.just(UTC)).map(written)


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    """A task of any content, as the API shows it and an export has it."""
    completed, due = draw(st.booleans()), draw(st.sampled_from(("", "due_date", "due_at")))
    text = st.sampled_from((*DESCRIPTIONS, *NASTY)) | st.text(_CHARACTERS, max_size=60)
    return {
        "title": draw(_labels((*TITLES, *NASTY), 200)),
        "description": draw(st.none() | text.map(lambda one: label(f"|{one}|")[1:-1])),
        "completed": completed,
        "completed_at": draw(_MOMENTS) if completed else None,
        "priority": draw(st.sampled_from(("none", "low", "medium", "high"))),
        "due_date": draw(st.sampled_from(DAYS)) if due == "due_date" else None,
        "due_at": draw(_MOMENTS) if due == "due_at" else None,
        "tags": draw(st.lists(_labels((*TAGS, *NASTY), 50), max_size=5, unique=True)),
        "order": draw(st.none() | st.sampled_from(ORDERS)),
        "repeat": draw(st.sampled_from((None, *RULES))),
        "repeat_from": draw(st.sampled_from(("due", "completion"))),
        "repeat_zone": draw(st.sampled_from((None, "Europe/Berlin"))),
        "created_at": draw(_MOMENTS),
        "updated_at": draw(_MOMENTS),
        "uid": draw(st.uuids()).hex,
        "parent_uid": None,
        "repeat_of_uid": None,
    }


@st.composite
def families(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some tasks, which may be parts of each other, and repeat one another or one from elsewhere;
    in any order.
    """
    found = draw(st.lists(tasks(), min_size=1, max_size=5, unique_by=lambda task: task["uid"]))
    named = st.sampled_from([None, "=elsewhere, \\n;", *(task["uid"] for task in found)])
    return [{**task, "parent_uid": draw(named), "repeat_of_uid": draw(named)} for task in found]


def out(format: str, *pages: Sequence[Mapping[str, Any]]) -> bytes:
    """The file of these tasks."""
    writer = OUTGOING[format].writer(UTC)
    texts = [
        writer.page([json.dumps(task) for task in page], is_first=number == 0)
        for number, page in enumerate(pages)
    ]
    return "".join([writer.head(), *texts, writer.tail()]).encode()


def contents(format: str, body: str | bytes, zone: str = "UTC", number: int = 100) -> Contents:
    """What a file holds."""
    raw = body.encode() if isinstance(body, str) else body
    return Reading(FORMATS[format].read, Source(io.BytesIO(raw), ZoneInfo(zone))).take(number)


def records(format: str, body: str | bytes, zone: str = "UTC") -> list[Record]:
    """The tasks of a file in which nothing is wrong."""
    found = contents(format, body, zone)
    assert found.flaws == []
    return found.records


def left_out(format: str, body: str | bytes) -> dict[str, list[int]]:
    """What could not be carried over, and where."""
    found = contents(format, body)
    assert found.flaws == []
    return {str(what): lines for what, lines in found.tally.lines.items()}


def flaws(format: str, body: str | bytes) -> list[tuple[int, str, str]]:
    """What is wrong with a file: line, field and code."""
    return [(flaw.line, flaw.field, flaw.code) for flaw in contents(format, body).flaws]


def shown(record: Record) -> dict[str, Any]:
    """A record as the API would show it."""
    moments = {
        "created_at": record.created_at,
        "completed_at": record.completed_at,
        "updated_at": record.modified_at,
    }
    values: dict[str, Any] = {
        name: written(value) if name == "due_at" and value else value
        for name, value in record.values.items()
    }
    values.pop("parent_id", None)
    if values.get("due_date"):
        values["due_date"] = values["due_date"].isoformat()
    found = {name: value and written(value) for name, value in moments.items()}
    ties = {"parent_uid": record.parent, "repeat_of_uid": record.repeat_of}
    uids = {name: named and (named.uid or f"key {named.key}") for name, named in ties.items()}
    return {"order": None, **values, **found, "uid": record.uid, **uids}


__all__ = ["Lost", "contents", "flaws", "left_out", "out", "records", "shown", "tasks"]
