"""Renders the application's errors as responses; nothing else does."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from backend.api.responses import path_of
from backend.api.routing.body_fields import BodyFields
from backend.api.routing.media_types import PATCHES
from backend.errors import (
    AppError,
    FieldError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
)
from backend.problems import render

MAX_FIELD_ERRORS = 100
_OPERATION = re.compile(r"body\.operations\.\d+")
_BY_STATUS: dict[int, AppError] = {404: NotFound(), 413: PayloadTooLarge()}


def problem_response(error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """The error as application/problem+json (RFC 9457)."""
    problem = render(error)
    return Response(problem.body, problem.status, {**problem.headers, **(headers or {})})


def _field_error(error: Mapping[str, Any], fields: BodyFields | None) -> FieldError:
    """The place and message of an error, reworded where the library's repeats input or is vague."""
    loc, code = list(error["loc"]), error["type"]
    shown = [loc[0], *fields.place_of(loc[1:])] if fields and loc[0] == "body" else loc
    place = ".".join(map(str, shown))
    if code in {"union_tag_invalid", "union_tag_not_found"}:
        tags = ", ".join(fields.tags_at(loc[1:])) if fields else ""
        return FieldError(f"{place}.op", f"must be one of: {tags}", "unknown_operation")
    if code == "extra_forbidden":
        allowed = fields.allowed_at(loc[1:-1]) if fields else []
        place = ".".join(map(str, shown[:-1]))
        return FieldError(place, f"takes only: {', '.join(allowed)}", "unknown_field")
    if code == "string_pattern_mismatch":
        return FieldError(place, "must be of the form that the OpenAPI document names", code)
    return FieldError(place, error["msg"], code)


def _invalid(errors: Iterable[Mapping[str, Any]], fields: BodyFields | None) -> InvalidRequest:
    distinct = dict.fromkeys(_field_error(error, fields) for error in errors)
    return InvalidRequest(errors=tuple(_bounded(list(distinct))))


def _bounded(errors: list[FieldError]) -> list[FieldError]:
    """As many errors as are reported, in order; first one of each operation of a batch."""
    seen: Counter[str] = Counter()
    ranks = []
    for number, error in enumerate(errors):
        operation = _OPERATION.match(error.loc)
        ranks.append((seen[operation[0]] if operation else 0, number))
        seen.update([operation[0]] if operation else [])
    told = sorted(number for _, number in sorted(ranks)[:MAX_FIELD_ERRORS])
    return [errors[number] for number in told]


def _allowed_methods(request: Request) -> list[str]:
    """The methods of all routes at this path; the framework names only those of the first."""
    methods: set[str] = {"OPTIONS"}
    path = path_of(request)
    for route in iter_route_contexts(request.app.routes):
        if route.methods and compile_path(route.path or "")[0].match(path):
            methods |= route.methods
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _on_app_error(request: Request, error: AppError) -> Response:
    return problem_response(error)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    fields = getattr(request.scope.get("route"), "body_fields", None)
    return problem_response(_invalid(error.errors(), fields))


async def _on_http_error(request: Request, error: HTTPException) -> Response:
    """Errors that the framework raises with nothing but a status."""
    if error.status_code != MethodNotAllowed.status:
        return problem_response(_BY_STATUS.get(error.status_code) or InternalError())
    methods = _allowed_methods(request)
    allow = {"Allow": ", ".join(methods)}
    if "PATCH" in methods:
        allow["Accept-Patch"] = PATCHES
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    return problem_response(MethodNotAllowed(), allow)


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
    AppError: _on_app_error,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http_error,
}
"""For `FastAPI(exception_handlers=…)`."""
