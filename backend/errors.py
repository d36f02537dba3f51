"""The service's own errors. Each carries what an answer needs; none knows a web framework.

AppError
├── InvalidRequest           400 validation_error (with the places in `errors`)
│   ├── MalformedJson        400 malformed_json
│   └── InvalidCursor        400 invalid_cursor
├── Forbidden                403 forbidden
├── NotFound                 404 not_found
│   └── TaskNotFound         404 task_not_found (missing, trashed and foreign alike)
├── MethodNotAllowed         405 method_not_allowed
├── Conflict                 409 conflict
├── CursorExpired            410 cursor_expired
├── PreconditionFailed       412 precondition_failed
├── PayloadTooLarge          413 payload_too_large
├── UriTooLong               414 uri_too_long
├── UnsupportedMediaType     415 unsupported_media_type
├── IdempotencyKeyReused     422 idempotency_key_reused
├── HeadersTooLarge          431 headers_too_large
├── InternalError            500 internal_error
└── Unavailable              503, each with `retry_after` seconds
    ├── DatabaseUnavailable  503 database_unavailable
    │   └── NotMigrated      the same: it is there, but not as this code needs it
    ├── Overloaded           503 overloaded
    └── TimedOut             503 timeout
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a request: where (`body.title`), what, and a code for programs."""

    loc: str
    message: str
    code: str


class AppError(Exception):
    """The root of all errors that a client is told about."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    detail: ClassVar[str] = "Something went wrong on our side. The request id helps us to find it."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.detail)
        self.errors = errors
        self.headers = headers or {}


class InvalidRequest(AppError):
    status = 400
    code = "validation_error"
    title = "Invalid request"
    detail = "The request is not valid; `errors` names each place."


class MalformedJson(InvalidRequest):
    code = "malformed_json"
    title = "Malformed JSON"
    detail = "The body is not valid JSON in UTF-8 (RFC 8259)."


class InvalidCursor(InvalidRequest):
    code = "invalid_cursor"
    title = "Invalid cursor"
    detail = "The cursor does not belong to this query. Start again without it."


class Forbidden(AppError):
    status = 403
    code = "forbidden"
    title = "Forbidden"
    detail = "The caller may not act for this user."


class NotFound(AppError):
    status = 404
    code = "not_found"
    title = "Not found"
    detail = "There is nothing at this address."


class TaskNotFound(NotFound):
    code = "task_not_found"
    title = "Task not found"
    detail = "There is no such task."


class MethodNotAllowed(AppError):
    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"
    detail = "This address does not take that method; `Allow` lists those it takes."


class Conflict(AppError):
    status = 409
    code = "conflict"
    title = "Conflict"
    detail = "The change does not fit the task as it is now."


class Misplaced(Conflict):
    """A sub-task would be under what cannot have any, or would have some itself."""

    detail = "A task cannot be put under this parent."
    why = (
        "must be another task of this owner, out of the trash, that is no sub-task; null for a task"
        " that has sub-tasks itself"
    )

    def __init__(self, detail: str | None = None, *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(
            detail, errors=errors or (FieldError("body.parent_id", self.why, "parent"),)
        )


class CursorExpired(AppError):
    status = 410
    code = "cursor_expired"
    title = "Cursor expired"
    detail = "Changes since this revision are not known any more."
    way_out: ClassVar[str] = " Drop what you have, and begin again with since=0."

    def __init__(self, reason: str | None = None) -> None:
        super().__init__((reason or self.detail) + self.way_out)


class PreconditionFailed(AppError):
    status = 412
    code = "precondition_failed"
    title = "Precondition failed"
    detail = "The task has changed since. Nothing was written; read it again."


class PayloadTooLarge(AppError):
    status = 413
    code = "payload_too_large"
    title = "Payload too large"
    detail = "The body is larger than this service takes."


class UriTooLong(AppError):
    status = 414
    code = "uri_too_long"
    title = "URI too long"
    limit: ClassVar[int] = 8192
    """Bytes of path and query together, with the `?`."""
    detail = f"The address is longer than the {limit} bytes that this service takes."


class UnsupportedMediaType(AppError):
    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"
    detail = "Send the body as application/json, not compressed."


class IdempotencyKeyReused(AppError):
    status = 422
    code = "idempotency_key_reused"
    title = "Idempotency key reused"
    detail = "This Idempotency-Key was used for another content in the last 24 hours."


class HeadersTooLarge(AppError):
    status = 431
    code = "headers_too_large"
    title = "Headers too large"
    detail = "The headers are larger than the 32768 bytes that this service takes together."


class InternalError(AppError):
    """What an unforeseen exception is answered with; the trace is in the log only."""


class Unavailable(AppError):
    """A passing state: the same request may work after `Retry-After` seconds."""

    status = 503
    code = "unavailable"
    title = "Unavailable"
    retry_after: ClassVar[int] = 1

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(self.retry_after)})


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "Database unavailable"
    detail = "The database cannot be reached. If this was a write, its outcome is unknown."
    retry_after = 2


class NotMigrated(DatabaseUnavailable):
    detail = "The database is not at the newest migration, or lacks the rights that it grants."


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Overloaded"
    detail = "The service is busy. Nothing was done; try again."


class TimedOut(Unavailable):
    code = "timeout"
    title = "Timed out"
    detail = "The database took too long; nothing was changed."
