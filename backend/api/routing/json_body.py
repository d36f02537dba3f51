"""Strict JSON bodies, read once, and only if the request declares JSON."""

from typing import Any

from fastapi import Request

from backend.api.routing.media_types import PATCHES, is_json
from backend.api.routing.request import StrictRequest
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


async def read_json(request: StrictRequest) -> Any:
    """The body, or None if there is none. `null` is refused: it would look like no body."""
    if not await request.body():
        return None
    _require_json(request)
    value = await request.json()
    if value is None:
        raise InvalidRequest(errors=(_NULL,))
    return value


async def require_no_body(request: StrictRequest) -> None:
    """Raise InvalidRequest for a body that would be ignored: it may have meant something."""
    if not request.has_body:
        return
    async for chunk in request.stream():
        if chunk:
            raise InvalidRequest(errors=(_NO_BODY,))
