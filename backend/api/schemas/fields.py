"""Field types with one spelling for one value."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from annotated_types import Ge, Le, Len
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from backend.models.task import DESCRIPTION_LENGTH, MAX_ID, TAG_COUNT, TAG_LENGTH, TITLE_LENGTH

MOST_ITEMS = 100
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def decimal(value: str) -> int:
    """Decimal digits of a URL; no other spelling that `int()` takes (`+1`, `01`, `1_0`)."""
    if not _DECIMAL.fullmatch(value):
        raise PydanticCustomError("integer", "must be a decimal integer")
    return int(value)


def _full_date(value: object) -> object:
    if not isinstance(value, str) or not _FULL_DATE.fullmatch(value):
        raise PydanticCustomError("date", "must be a date like 2026-11-21 (RFC 3339 full-date)")
    return value


def _date_time(value: object) -> object:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise PydanticCustomError(
            "date_time", "must be a time with an offset like 2026-11-21T07:45:00Z (RFC 3339)"
        )
    return value.upper()


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("date_time", "must lie in the years 1 to 9999 in UTC") from None


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul", "must not contain NUL")
    return value


def _not_endless(value: object) -> object:
    """Refuse a long list before its items are looked at: each wrong one would become an error."""
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        raise PydanticCustomError("too_long", f"must have at most {TAG_COUNT} items")
    return value


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _id_schema(description: str) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}
    return WithJsonSchema(schema | {"description": description})


_ID_BOUNDS = (Ge(1), Le(MAX_ID), BeforeValidator(decimal))
TaskId = Annotated[int, *_ID_BOUNDS, _id_schema("The task.")]
UserId = Annotated[int, *_ID_BOUNDS, _id_schema("The owner of the tasks. Trusted, not verified.")]
StrictUserId = Annotated[
    int, Strict(), Ge(1), Le(MAX_ID), _id_schema("The owner of the tasks. Trusted, not verified.")
]

# What is checked in words of our own is told to readers of the document as a pattern.
_TRIMMED = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # White_Space
_ANY = r"[^\x00]*"
_VISIBLE = Field(json_schema_extra={"pattern": rf"^{_ANY}[^\x00{_TRIMMED}]{_ANY}$"})
A_WORD = rf"^{_ANY}[^\x00\x1c-\x1f{_TRIMMED}]{_ANY}$"

PLAIN = AfterValidator(_without_nul)
WITHOUT_NUL = Field(json_schema_extra={"pattern": rf"^{_ANY}$"})
Title = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH),
    PLAIN,
    _VISIBLE,
]
Description = Annotated[
    str, Strict(), StringConstraints(max_length=DESCRIPTION_LENGTH), PLAIN, WITHOUT_NUL
]
Tag = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TAG_LENGTH),
    PLAIN,
    _VISIBLE,
]
Tags = Annotated[
    list[Tag],
    BeforeValidator(_not_endless),
    AfterValidator(_distinct),
    Len(max_length=TAG_COUNT),
]
Flag = Annotated[bool, Strict()]
SortKey = Annotated[int, Strict(), Ge(-MAX_ID - 1), Le(MAX_ID)]
Day = Annotated[date, BeforeValidator(_full_date)]
Instant = Annotated[datetime, BeforeValidator(_date_time), AfterValidator(_utc)]
Utc = Annotated[datetime, AfterValidator(_utc)]
