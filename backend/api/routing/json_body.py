"""Strict JSON bodies, read once, and only if the request declares JSON."""

from collections.abc import Collection
from typing import Any

from fastapi import Request

from backend.api.routing.json_text import parse_json
from backend.api.routing.media_types import PATCHES, is_json
from backend.errors import FieldError, InvalidRequest, UnsupportedMediaType

_NULL = FieldError("body", "must not be null", "null")
_NO_BODY = FieldError("body", "must be empty: this request takes no body", "unexpected_body")


def require_uncompressed(request: Request) -> None:
    """Raise UnsupportedMediaType for a body with a content coding."""
    if request.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        accepted = {"Accept-Encoding": "identity"}  # RFC 9110, 12.5.3
        raise UnsupportedMediaType("Send the body not compressed.", headers=accepted)


def _require_json(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body is declared to be uncompressed JSON."""
    is_patch = request.method == "PATCH"
    require_uncompressed(request)
    if not is_json(request.headers.get("content-type", ""), patch=is_patch):
        raise UnsupportedMediaType(headers={"Accept-Patch": PATCHES} if is_patch else None)


class StrictRequest(Request):
    """A request whose body is read once, strictly; its errors name no field but `names`."""

    names: Collection[str] = ()

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body(), self.names)
        return self._json


async def read_json(request: Request) -> Any:
    """The body, or None if there is none. `null` is refused: it would look like no body."""
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
