"""The possible responses of each operation, for the OpenAPI document."""

from typing import Any

from backend.api.schemas.tasks import EXAMPLE
from backend.errors import (
    AppError,
    Conflict,
    CursorExpired,
    DatabaseUnavailable,
    HeadersTooLarge,
    IdempotencyKeyReused,
    InternalError,
    InvalidCursor,
    InvalidRequest,
    MalformedJson,
    Misplaced,
    Overloaded,
    PayloadTooLarge,
    PreconditionFailed,
    TaskNotFound,
    TimedOut,
    Unavailable,
    UnsupportedMediaType,
    UriTooLong,
)
from backend.problems import MEDIA_TYPE, problem_of

Answers = dict[int | str, dict[str, Any]]
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
"""By reference: a `model` would be compiled for each status of each route, at every start."""


def header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_RETRY = {"Retry-After": header("Seconds after which the same request may work.", "2")}


def _example(error: type[AppError]) -> tuple[str, dict[str, Any]]:
    return error.code, {"value": problem_of(error(), "5f0c9d0e-8a35-4f7c-9a2e-0d8a0d7a6b61")}


def problems(*errors: type[AppError]) -> Answers:
    """The OpenAPI response of each status that these errors have."""
    by_status: dict[int | str, list[type[AppError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: {
            **({"headers": _RETRY} if issubclass(group[0], Unavailable) else {}),
            "content": {MEDIA_TYPE: {"examples": dict(map(_example, group)), "schema": _PROBLEM}},
            "description": " · ".join(f"`{error.code}`: {error.detail}" for error in group),
        }
        for status, group in by_status.items()
    }


_ETAG = {"ETag": header("The revision of the task, quoted.", '"40"')}
_LOCATION = {"Location": header("Where the task is, on the primary surface.", EXAMPLE["url"])}
_REPLAYED = {"Idempotent-Replayed": header("`true` for the answer of an earlier create.", "true")}
LIST_ETAG = {"ETag": header("The owner's revision, quoted.", '"40"')}
_LIST = {
    **LIST_ETAG,
    "X-Total-Count": header("The number of all matches, with `count=true`.", "731"),
    "Link": header(
        '`<…>; rel="next"` while there is more (RFC 8288).',
        '<http://localhost:8000/api/1/tasks?cursor=WyJjcmVhdGVkX2F0Il0>; rel="next"',
    ),
}
UNCHANGED: Answers = {304: {"description": "The client has it: `If-None-Match`."}}
BODY = problems(InvalidRequest, MalformedJson, PayloadTooLarge, UnsupportedMediaType)

ANYWHERE = problems(
    InvalidRequest,
    UriTooLong,
    HeadersTooLarge,
    InternalError,
    DatabaseUnavailable,
    Overloaded,
    TimedOut,
)
MISSING = problems(TaskNotFound)
LISTED: Answers = {
    200: {"headers": _LIST},
    **UNCHANGED,
    **problems(InvalidRequest, InvalidCursor, PreconditionFailed),
}
CHANGED: Answers = {
    200: {"headers": {"Link": _LIST["Link"]}},
    **problems(CursorExpired),
}
CREATED: Answers = {
    201: {"headers": _ETAG | _LOCATION | _REPLAYED},
    **BODY,
    **problems(Misplaced, IdempotencyKeyReused),
}
SUMMARISED: Answers = {
    200: {"headers": {"ETag": header("The revision, and until when they hold.", '"40-1764"')}},
    **UNCHANGED,
}
STREAMED: Answers = {
    200: {
        "description": "`change` events; `expired` instead of 410, and then the end.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: change\ndata: {"id":2,"deleted":true,"revision":41}\nid: 41\n\n',
            }
        },
    },
}
BATCHED: Answers = {
    200: {"headers": _REPLAYED},
    **BODY,
    **MISSING,
    **problems(Conflict, PreconditionFailed, IdempotencyKeyReused),
}
FOUND: Answers = {200: {"headers": _ETAG}, **MISSING}
RESTORED: Answers = {**FOUND, **problems(PreconditionFailed)}
READ: Answers = {**FOUND, **UNCHANGED, **problems(PreconditionFailed)}
DELETED: Answers = {**MISSING, **problems(PreconditionFailed)}
WRITTEN: Answers = {**FOUND, **BODY, **problems(PreconditionFailed)}
REPLACED: Answers = {**WRITTEN, **problems(Misplaced)}
PATCHED: Answers = {**WRITTEN, **problems(Conflict)}
MERGE_PATCH: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/TaskPatch"}}
        }
    }
}
PROBED = problems(InvalidRequest, UriTooLong, HeadersTooLarge)
UNREADY = problems(DatabaseUnavailable, Overloaded, TimedOut)
SCRAPED: Answers = {
    200: {
        "description": "The numbers, in the text format of Prometheus, or of OpenMetrics.",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": "# TYPE tasks_processes gauge\ntasks_processes 4.0\n",
            }
        },
    },
    **PROBED,
}
