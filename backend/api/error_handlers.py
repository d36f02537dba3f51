"""The one place where the application's errors become answers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

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

MAX_FIELD_ERRORS = 20
_BY_STATUS: dict[int, AppError] = {404: NotFound(), 413: PayloadTooLarge()}


def problem_response(error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """The error as application/problem+json (RFC 9457)."""
    problem = render(error)
    return Response(problem.body, problem.status, {**problem.headers, **(headers or {})})


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """Where and what, in our words where the library's would repeat what was sent."""
    loc, code = list(error["loc"]), error["type"]
    if code == "extra_forbidden":
        return FieldError(str(loc[0]), "there is a field that is not known here", "unknown_field")
    return FieldError(".".join(map(str, loc)), error["msg"], code)


def _invalid(errors: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    distinct = dict.fromkeys(map(_field_error, errors))
    return InvalidRequest(errors=tuple(distinct)[:MAX_FIELD_ERRORS])


def _allowed_methods(request: Request) -> list[str]:
    """All methods of all routes at this path; the framework names those of the first alone."""
    methods: set[str] = {"OPTIONS"}
    for route in iter_route_contexts(request.app.routes):
        if route.methods and compile_path(route.path or "")[0].match(request.scope["path"]):
            methods |= route.methods
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _on_app_error(request: Request, error: AppError) -> Response:
    return problem_response(error)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    return problem_response(_invalid(error.errors()))


async def _on_http_error(request: Request, error: HTTPException) -> Response:
    """What the framework answers by a status alone."""
    if error.status_code != MethodNotAllowed.status:
        return problem_response(_BY_STATUS.get(error.status_code) or InternalError())
    allow = {"Allow": ", ".join(_allowed_methods(request))}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    return problem_response(MethodNotAllowed(), allow)


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
    AppError: _on_app_error,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http_error,
}
"""For `FastAPI(exception_handlers=…)`."""
