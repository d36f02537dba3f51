"""Errors as application/problem+json (RFC 9457): the one shape that every client sees."""

import json
from typing import Any, NamedTuple

from backend.errors import AppError
from backend.observability.logs import request_id
from backend.observability.metrics import REFUSALS

MEDIA_TYPE = "application/problem+json"


class Rendered(NamedTuple):
    """A problem as it is sent: status, headers and JSON in UTF-8."""

    status: int
    headers: dict[str, str]
    body: bytes


def problem_of(error: AppError, identity: str) -> dict[str, Any]:
    """The members of a problem.

    `instance` is opaque: equal errors must not differ by the address that was asked.
    """
    problem: dict[str, Any] = {
        "type": f"urn:tasks:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        "instance": f"urn:tasks:request:{identity}",
        "code": error.code,
        "request_id": identity,
    }
    if error.errors:
        problem["errors"] = [vars(place) for place in error.errors]
    return problem


def render(error: AppError) -> Rendered:
    """The problem of the request that is being served."""
    REFUSALS.add(error.code)
    problem = problem_of(error, request_id.get())
    body = json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode()
    return Rendered(error.status, {"content-type": MEDIA_TYPE, **error.headers}, body)
