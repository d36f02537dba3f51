"""Field types that accept one spelling per value."""

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le, Len
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from backend.models.occurrences import canonical
from backend.models.recurrence import InvalidRuleError
from backend.models.task import (
    DESCRIPTION_LENGTH,
    MAX_ID,
    REPEAT_LENGTH,
    TAG_COUNT,
    TAG_LENGTH,
    TITLE_LENGTH,
)
from backend.models.text import BLANK, IGNORABLE, is_visible, normalised

MAX_ITEMS = 100
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def decimal(value: str) -> int:
    """Decimal digits of a URL; `int()` would take other spellings, too (`+1`, `01`, `1_0`)."""
    if not _DECIMAL.fullmatch(value):
        raise PydanticCustomError("integer", "must be a decimal integer")
    return int(value)


def _full_date(value: object) -> object:
    if not isinstance(value, str) or not _FULL_DATE.fullmatch(value):
        raise PydanticCustomError(
            "date",
            "must be a day like 2026-11-21 (RFC 3339 full-date); an instant is not a day",
        )
    return value


def _date_time(value: object) -> object:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise PydanticCustomError(
            "date_time",
            "must be an instant like 2026-11-21T07:45:00Z or 2026-11-21T09:45:00+02:00 (RFC 3339):"
            " with a time from 00:00:00 to 23:59:59 and an offset below 24:00; in a URL, + is"
            " written %2B",
        )
    return value.upper()


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("date_time", "must lie in the years 1 to 9999 in UTC") from None


def _six_digits(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul", "must not contain NUL")
    return value


def _not_endless(value: object) -> object:
    """Refuse an overlong list before its items are validated: each bad one would add an error."""
    if isinstance(value, list) and len(value) > MAX_ITEMS:
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
_STRICT_ID = (Strict(), Ge(1), Le(MAX_ID))
StrictUserId = Annotated[
    int, *_STRICT_ID, _id_schema("The owner of the tasks. Trusted, not verified.")
]
ParentId = Annotated[int, *_STRICT_ID, _id_schema("A task of the owner.")]
StrictTaskId = Annotated[int, *_STRICT_ID, _id_schema("The task.")]
INT64 = Field(json_schema_extra={"format": "int64"})
StrictRevision = Annotated[int, Strict(), Ge(0), Le(MAX_ID), INT64]
Int64 = Annotated[int, INT64]
"""A whole number of an answer."""


_MAX_EXPANSION = 4
"""Characters that one of NFC may be made of, decomposed (UAX 15, "Maximum Expansion Factors")."""


def _normalised(value: object) -> object:
    """The text in NFC, unless it is too long for every field anyway."""
    if isinstance(value, str) and len(value.strip()) <= _MAX_EXPANSION * DESCRIPTION_LENGTH:
        return normalised(value)
    return value


def _visible(value: str) -> str:
    if not is_visible(value):
        raise PydanticCustomError("invisible", "must have at least one visible character")
    return value


def _class(characters: str) -> str:
    """Characters and ranges of the Basic Multilingual Plane as JSON Schema's patterns have them.

    The patterns are of Unicode (JSON Schema 2020-12, 6.4), but most generators and linters compile
    them without the flag `u`, where a range of characters beyond is an error. So a title of none
    but such invisible characters is refused by the service alone.
    """
    near = re.sub(r"[\U00010000-\U0010ffff](-[\U00010000-\U0010ffff])?", "", characters)
    return re.sub(r"[^-]", lambda c: f"\\u{ord(c[0]):04x}", near)


# What is checked in words of our own is told to readers of the document as a pattern.
_ANY = r"[^\x00]*"
_SEEN = Field(json_schema_extra={"pattern": rf"^{_ANY}[^{_class(BLANK + IGNORABLE)}]{_ANY}$"})
_SPACES = r"\x00\t-\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
A_WORD = rf"^{_ANY}[^{_SPACES}{_class(IGNORABLE)}]{_ANY}$"

WITHOUT_NUL = AfterValidator(_without_nul)
ANY_TEXT = Field(json_schema_extra={"pattern": rf"^{_ANY}$"})
NFC = BeforeValidator(_normalised)


def _label(length: int) -> Any:
    """A line of text for people: trimmed, not empty, with at most this many characters."""
    trimmed = StringConstraints(strip_whitespace=True, min_length=1, max_length=length)
    return Annotated[str, Strict(), trimmed, WITHOUT_NUL, AfterValidator(_visible), NFC, _SEEN]


if TYPE_CHECKING:
    Title = str
    Tag = str
else:
    Title = _label(TITLE_LENGTH)
    Tag = _label(TAG_LENGTH)

Description = Annotated[
    str, Strict(), StringConstraints(max_length=DESCRIPTION_LENGTH), WITHOUT_NUL, NFC, ANY_TEXT
]
WantedTag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TAG_LENGTH),
    WITHOUT_NUL,
    NFC,
    ANY_TEXT,
]
"""A tag of a filter: compared as it was sent, for `tag=c++` unencoded is `c` and two spaces."""

Tags = Annotated[
    list[Tag],
    BeforeValidator(_not_endless),
    AfterValidator(_distinct),
    Len(max_length=TAG_COUNT),
]


def _rule(text: str) -> str:
    """A recurrence rule in its canonical spelling."""
    try:
        return canonical(text)
    except InvalidRuleError as error:
        raise PydanticCustomError("rrule", str(error)) from None


Repeat = Annotated[
    str,
    Strict(),
    StringConstraints(max_length=REPEAT_LENGTH),
    AfterValidator(_rule),
    Field(json_schema_extra={"format": "rrule"}),
]
Flag = Annotated[bool, Strict()]
SortKey = Annotated[int, Strict(), Ge(-MAX_ID - 1), Le(MAX_ID), INT64]
Day = Annotated[date, BeforeValidator(_full_date)]
Instant = Annotated[datetime, BeforeValidator(_date_time), AfterValidator(_utc)]
Utc = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(_six_digits, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant of an answer: always six digits of a second, always Z."""
