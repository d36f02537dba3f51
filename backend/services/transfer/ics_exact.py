"""What the plain properties of a VTODO could not say, put back (`ics_values`)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.services.transfer import moments
from backend.services.transfer.columns import CONTENT, uid_in
from backend.services.transfer.ics_values import MOMENTS, plain
from backend.services.transfer.record import Named, Record


def restore(record: Record, text: str | None, zone: ZoneInfo) -> None:
    """Take the exact values of this JSON where the plain ones are still as we wrote them."""
    for name, exact in _exact(text).items():
        read = _shown(record, name)
        try:
            if plain({name: exact}).get(name) != read:
                continue
            if name == "repeat_of_uid":
                record.repeat_of = Named(uid_in(exact))
            elif name in MOMENTS:
                _keep(record, name, moments.instant(exact, zone))
            else:
                record.values[name] = CONTENT[name](exact)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue  # nothing that we wrote: the plain property counts


def _exact(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


_INSTANTS = {
    "created_at": "created_at",
    "completed_at": "completed_at",
    "updated_at": "modified_at",
}


def _shown(record: Record, name: str) -> Any:
    """What was read, as the API shows it."""
    value = getattr(record, _INSTANTS[name]) if name in _INSTANTS else record.values.get(name)
    return moments.written(value) if isinstance(value, datetime) else value


def _keep(record: Record, name: str, moment: datetime) -> None:
    if name in _INSTANTS:
        setattr(record, _INSTANTS[name], moment)
    else:
        record.values[name] = moment
