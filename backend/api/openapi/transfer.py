"""Bodies and responses of exports and imports, for the OpenAPI document."""

from typing import Any

from backend.api.openapi.responses import (
    BODY,
    LIST_ETAG,
    UNCHANGED,
    Answers,
    header,
    problems,
)
from backend.errors import PreconditionFailed
from backend.services.transfer.formats import ANY_FORMAT, FORMATS, OUTGOING

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_EXAMPLES = {
    "application/json": [
        {"title": "Buy milk", "tags": ["home"], "due_date": "2026-11-24", "uid": "milk"},
        {"title": "Find the bag", "parent_uid": "milk"},
    ],
    "text/csv": "title,priority,due_date,tags\r\nBuy milk,high,2026-11-24,home\r\n",
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//me//me//EN\r\nBEGIN:VTODO\r\n"
    "UID:1\r\nDTSTAMP:20261121T074533Z\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
    "text/plain": "(A) 2026-11-21 Buy milk @home due:2026-11-24\n",
}


def _content(media_type: str) -> dict[str, Any]:
    schema = {} if media_type == "application/json" else {"type": "string"}
    return {"schema": schema, "example": _EXAMPLES[media_type]}


_TYPES = dict.fromkeys(one.media_type.partition(";")[0] for one in OUTGOING.values())
_TAKEN = dict.fromkeys(name for one in FORMATS.values() for name in one.media_types[:1])

EXPORTED: Answers = {
    200: {
        "description": "The file.",
        "headers": {
            **LIST_ETAG,
            "Content-Disposition": header(
                "`attachment`, with the name of the file.", 'attachment; filename="tasks.ics"'
            ),
        },
        "content": {name: _content(name) for name in _TYPES},
    },
    **UNCHANGED,
    **problems(PreconditionFailed),
}
IMPORTED: Answers = {**BODY}
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file, in UTF-8.",
        "content": {
            **{name: _content(name) for name in _TAKEN},
            ANY_FORMAT[-1]: {"schema": _FILE, "example": _EXAMPLES["text/csv"]},
        },
    }
}
