"""When a simple repeating task is due again, as plain Python: each so many days or weeks."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.tests.support.model import Content

_DAYS = {"DAILY": 1, "WEEKLY": 7}


def following(content: Content, done: datetime) -> Content | None:
    """What follows a task of this content that was completed then; None at the end of its rule."""
    try:
        return _following(content, done) if content.repeat else None
    except OverflowError:  # the calendar ends
        return None


def _following(content: Content, done: datetime) -> Content | None:
    parts = dict(part.split("=") for part in (content.repeat or "").split(";"))
    zone, wall = ZoneInfo(content.repeat_zone or "UTC"), None
    if content.due_date:
        wall = datetime.combine(content.due_date, time.min)
    elif content.due_at:
        wall = content.due_at.astimezone(zone).replace(tzinfo=None)
    if wall is None or content.repeat_from == "completion":
        day = done.astimezone(zone).date()
        wall = datetime.combine(day, wall.time() if wall else time.min)
    if parts["FREQ"] not in _DAYS or parts.get("COUNT") == "1":
        return None  # the one rule of years that is drawn has ended
    wall += timedelta(_DAYS[parts["FREQ"]] * int(parts.get("INTERVAL", 1)))
    if parts.get("UNTIL", "9") < f"{wall:%Y%m%d}":
        return None
    if "COUNT" in parts:
        parts["COUNT"] = str(int(parts["COUNT"]) - 1)
    repeat = ";".join(f"{name}={value}" for name, value in parts.items())
    after = replace(content, completed=False, repeat=repeat)
    if content.due_at is None:
        return replace(after, due_date=wall.date())
    return replace(after, due_at=wall.replace(tzinfo=zone).astimezone(UTC))
