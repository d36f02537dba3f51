"""What each operation can answer, for the OpenAPI document."""

from typing import Any

from backend.api.schemas.errors import Problem, problem_of
from backend.errors import (
    AppError,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    InternalError,
    InvalidCursor,
    InvalidRequest,
    MalformedJson,
    Overloaded,
    PayloadTooLarge,
    TaskNotFound,
    TimedOut,
    UnsupportedMediaType,
)

Answers = dict[int | str, dict[str, Any]]


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _example(error: type[AppError]) -> tuple[str, dict[str, Any]]:
    return error.code, {"value": problem_of(error(), "5f0c9d0e-8a35-4f7c-9a2e-0d8a0d7a6b61")}


def _problems(*errors: type[AppError]) -> Answers:
    """The OpenAPI entry of each status that these errors have."""
    by_status: dict[int | str, list[type[AppError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: {
            "model": Problem,
            "content": {"application/json": {"examples": dict(map(_example, group))}},
            "description": " · ".join(f"`{error.code}`: {error.detail}" for error in group),
        }
        for status, group in by_status.items()
    }


_ETAG = {"ETag": _header("The revision of the task, quoted.")}
_LOCATION = {"Location": _header("Where the task is, on the primary surface.")}
_LINK = {"Link": _header('`<…>; rel="next"` while there is more (RFC 8288).')}
_BODY = _problems(InvalidRequest, MalformedJson, PayloadTooLarge, UnsupportedMediaType)

ANYWHERE = _problems(
    InvalidRequest, Forbidden, InternalError, DatabaseUnavailable, Overloaded, TimedOut
)
MISSING = _problems(TaskNotFound)
LISTED: Answers = {200: {"headers": _LINK}, **_problems(InvalidRequest, InvalidCursor)}
CREATED: Answers = {201: {"headers": _ETAG | _LOCATION}, **_BODY}
FOUND: Answers = {200: {"headers": _ETAG}, **MISSING}
WRITTEN: Answers = {**FOUND, **_BODY}
PATCHED: Answers = {**WRITTEN, **_problems(Conflict)}
MERGE_PATCH: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/TaskPatch"}}
        }
    }
}
UNREADY = _problems(DatabaseUnavailable, Overloaded, TimedOut)
