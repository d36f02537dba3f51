"""Bodies of strict JSON (RFC 8259)."""

import json
import math
from email.message import Message
from functools import lru_cache
from typing import Any

from fastapi import Request

from backend.errors import FieldError, InvalidRequest, MalformedJson, UnsupportedMediaType

MAX_MEMBERS = 100
_NULL = FieldError("body", "must not be null", "null")
_NO_BODY = FieldError("body", "must be empty: this request takes no body", "unexpected_body")
_MERGE_PATCH = "application/merge-patch+json"


def _refuse(text: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is out of range")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ValueError("an object has more members than any of ours")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _require_text(value: Any) -> None:
    """Refuse NUL and lone surrogates, which no text column can hold, in any string."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("NUL")
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _require_text(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_text(name)
            _require_text(item)


def parse_json(body: bytes) -> Any:
    """One JSON text: UTF-8, no BOM, finite numbers, no name twice; raises MalformedJson."""
    try:
        value = json.loads(
            body.decode(),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
        _require_text(value)
    except (ValueError, RecursionError) as error:
        raise MalformedJson from error
    return value


def _require_json(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body says that it is JSON, not compressed."""
    media_type, charset = _media_type(request.headers.get("content-type", ""))
    taken = {"application/json"} | ({_MERGE_PATCH} if request.method == "PATCH" else set())
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type not in taken or charset != "utf-8" or encoding != "identity":
        raise UnsupportedMediaType


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> tuple[str, str]:
    """The type and the charset of a Content-Type."""
    message = Message()
    message["content-type"] = content_type
    return message.get_content_type(), str(message.get_param("charset", "utf-8")).lower()


class StrictRequest(Request):
    """A request whose body is read once, strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


async def read_json(request: Request) -> Any:
    """The body, or None if there is none. `null` would pass for no body: it is refused."""
    if not await request.body():
        return None
    _require_json(request)
    value = await request.json()
    if value is None:
        raise InvalidRequest(errors=(_NULL,))
    return value


async def require_no_body(request: Request) -> None:
    """Raise InvalidRequest for a body that would be ignored: it may have meant something."""
    headers = request.headers
    if not headers.get("content-length", "").strip("0") and "transfer-encoding" not in headers:
        return
    async for chunk in request.stream():
        if chunk:
            raise InvalidRequest(errors=(_NO_BODY,))
