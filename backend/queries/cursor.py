"""Opaque keyset cursors: where a page ended, bound to the query that it belongs to.

The checksum is no secret: whoever forges one moves within their own list, for the owner is in the
query itself. It tells a cursor of another query, or a damaged one, from a good one.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend.errors import InvalidCursor

_CHECK_BYTES = 9
_ENCODER = json.JSONEncoder(default=datetime.isoformat, ensure_ascii=False)


def _check(query: str, position: bytes) -> bytes:
    return hashlib.sha256(query.encode() + b"\0" + position).digest()[:_CHECK_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def encode(query: str, position: Sequence[Any]) -> str:
    """The cursor after this position in this query."""
    raw = _ENCODER.encode(position).encode()
    return _text(_check(query, raw) + raw)


def decode(query: str, cursor: str) -> Any:
    """The position after which to go on, as JSON has it; raises InvalidCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, position = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        if _text(raw) != cursor or check != _check(query, position):
            raise InvalidCursor
        return json.loads(position)
    except (ValueError, RecursionError) as error:
        raise InvalidCursor from error
