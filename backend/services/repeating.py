"""When a repeating task is due again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from backend.database.waiting import run_in_thread
from backend.errors import FieldError, InvalidRequest
from backend.models.occurrences import Due, Following, following, occurs_after

MAX_OCCURRENCES = 100


@dataclass(frozen=True)
class Series:
    """A repeating task, as the database tells it (`queries/repeating.py`)."""

    revision: int
    due: Due
    repeat: str | None
    zone: str | None
    is_from_completion: bool
    now: datetime

    @classmethod
    def told(cls, seed: str) -> Self:
        values = json.loads(seed)
        day, at, wall = (values[name] for name in ("due_date", "due_at", "repeat_wall"))
        due = Due(
            day and date.fromisoformat(day),
            at and datetime.fromisoformat(at),
            wall and datetime.fromisoformat(wall),
        )
        moment = datetime.fromisoformat(values["now"])
        is_from_completion = values["repeat_from"] == "completion"
        zone, repeat = values["repeat_zone"], values["repeat"]
        return cls(values["revision"], due, repeat, zone, is_from_completion, moment)

    def following(self) -> Following | None:
        """What follows if the task is completed now."""
        counts_from_now = self.is_from_completion or self.due == Due()
        moment = self.now if counts_from_now else None
        return following(self.repeat, self.due, self.zone, moment) if self.repeat else None

    def occurrences(self, limit: int) -> list[Due]:
        """When it is due again and again, each completed on its day."""
        found: list[Due] = []
        due, repeat = self.due, self.repeat
        while repeat and len(found) < limit:
            moment = self.now if due == Due() else None
            after = following(repeat, due, self.zone, moment)
            if after is None:
                break
            due, repeat = after
            found.append(due)
        return found


def computed(seed: str) -> dict[str, Any]:
    """The parameters of the write that completes this task, and makes the next one."""
    return run_in_thread(_computed, seed)


def require_next(places: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise InvalidRequest unless what repeats, and is due, will be due again.

    `places` are what is written, each by the place in the request that it came from.
    """
    asked = {place: asked for place, values in places.items() if (asked := _asked(values))}
    if not asked:
        return
    wrong = run_in_thread(lambda: [one for one, what in asked.items() if not occurs_after(*what)])
    if wrong:
        message = "must occur again within twelve years after the task is due"
        errors = tuple(FieldError(f"{place}.repeat", message, "rrule") for place in wrong)
        raise InvalidRequest(errors=errors)


def _asked(values: Mapping[str, Any]) -> tuple[str, Due, str | None] | None:
    """The rule, the due and the zone, if all are known and the rule counts from the due."""
    repeat, day, at = (values.get(name) for name in ("repeat", "due_date", "due_at"))
    is_known = day is not None or (at is not None and "repeat_zone" in values)
    if repeat is None or not is_known or values.get("repeat_from") == "completion":
        return None
    return repeat, Due(day, at), values.get("repeat_zone")


def dues(seed: str, limit: int) -> list[Due]:
    """When this task is due again."""
    return run_in_thread(lambda: Series.told(seed).occurrences(limit))


def _computed(seed: str) -> dict[str, Any]:
    series = Series.told(seed)
    after = series.following()
    return {"computed_for": series.revision, **_next(after)}


def computed_all(seeds: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
    """The same for operations of a batch, each with its number there."""
    return run_in_thread(lambda: [(json.loads(seed)["number"], _computed(seed)) for seed in seeds])


def _next(after: Following | None) -> dict[str, Any]:
    if after is None:
        return {"has_next": False, **dict.fromkeys(_COMPUTED)}
    due, repeat = after
    values = (due.day, due.at, repeat, due.wall)
    return {"has_next": True, **dict(zip(_COMPUTED, values, strict=True))}


_COMPUTED = ("next_due_date", "next_due_at", "next_repeat", "next_repeat_wall")
