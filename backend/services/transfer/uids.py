"""What names a task that was made here, in files: it follows from what never changes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from backend.models.task import MAX_ID
from backend.services.transfer.moments import written

_OWN = re.compile(r"([1-9]\d{0,18})\.([1-9]\d{0,18})\.(\d{20})@tasks\.invalid", re.ASCII)


class Own(NamedTuple):
    """The task that a UID of this service means."""

    task_id: int
    owner: int
    created_at: str
    """In microseconds, as `created_at` of the JSON has it, without all that is no digit."""


def own(uid: str) -> Own | None:
    """The parts of a UID of ours (`queries/exporting.py` writes them); None for any other."""
    match = _OWN.fullmatch(uid)
    if match is None or max(int(match[1]), int(match[2])) > MAX_ID:
        return None
    return Own(int(match[1]), int(match[2]), match[3])


def digits_of(created_at: str) -> str:
    """An instant as the API writes it, as `Own` has it."""
    return re.sub(r"\D", "", created_at)


def uid_of(task: Mapping[str, Any]) -> str | None:
    """The UID of a task as the API shows it, which has none in it."""
    try:
        created = datetime.fromisoformat(task["created_at"]).astimezone(UTC)
        ids = int(task["id"]), int(task["user_id"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    uid = f"{ids[0]}.{ids[1]}.{digits_of(written(created))}@tasks.invalid"
    return uid if own(uid) else None
