"""Opaque keyset cursors: where a page ended, bound to the query that it belongs to.

The checksum is no secret: whoever forges one moves within their own list, for the owner is in the
query itself. It tells a cursor of another query, or a damaged one, from a good one.
"""

import base64
import hashlib
import json
from datetime import datetime

from backend.errors import InvalidCursor
from backend.models.task import MAX_ID

_CHECK_BYTES = 9


def _check(query: str, position: bytes) -> bytes:
    return hashlib.sha256(query.encode() + b"\0" + position).digest()[:_CHECK_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def encode(query: str, created_at: datetime, task_id: int) -> str:
    """The cursor after this task in this query."""
    position = json.dumps([created_at.isoformat(), task_id]).encode()
    return _text(_check(query, position) + position)


def decode(query: str, cursor: str) -> tuple[datetime, int]:
    """The `created_at` and `id` after which to go on; raises InvalidCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if _text(raw) != cursor:
            raise InvalidCursor
        check, position = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        if check != _check(query, position):
            raise InvalidCursor
        created_at, task_id = json.loads(position)
        moment = datetime.fromisoformat(created_at)
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
    if moment.tzinfo is None or type(task_id) is not int or not 1 <= task_id <= MAX_ID:
        raise InvalidCursor
    return moment, task_id
