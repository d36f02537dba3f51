"""Days and instants as files write them. All raise ValueError for anything else.

A leap second is the one before it (RFC 5545, 3.3.12).
"""

import re
from datetime import UTC, date, datetime, tzinfo

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)


def day(text: str) -> date:
    """`2026-11-21`."""
    if not _DAY.fullmatch(text):
        raise ValueError("must be a day like 2026-11-21")
    return date.fromisoformat(text)


def instant(text: str, zone: tzinfo) -> datetime:
    """`2026-11-21T07:45:00Z`, with any offset; without one it is a time in the zone."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("must be an instant like 2026-11-21T07:45:00Z")
    time = match[2].replace(":60", ":59") if match[2][5:8] == ":60" else match[2]
    offset = (match[3] or "").upper().replace("Z", "+00:00")
    return utc(datetime.fromisoformat(f"{match[1]}T{time}{offset}"), zone)


def compact(text: str, zone: tzinfo) -> datetime:
    """`20261121T074500Z`, or without the Z a time in the zone (RFC 5545, 3.3.5)."""
    is_utc = text[-1:] in {"Z", "z"}
    if text[13:15] == "60":
        text = f"{text[:13]}59{text[15:]}"
    try:
        moment = datetime.strptime(text.upper().removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise ValueError("must be a time like 20261121T074500Z") from None
    return utc(moment, UTC if is_utc else zone)


def compact_day(text: str) -> date:
    """`20261121` (RFC 5545, 3.3.4)."""
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        raise ValueError("must be a day like 20261121")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def utc(moment: datetime, zone: tzinfo) -> datetime:
    """The same in UTC; a moment without a zone is in this one."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie in the years 1 to 9999 in UTC") from None


def written(moment: datetime) -> str:
    """As the API writes it: `2026-11-21T07:45:00.000000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
