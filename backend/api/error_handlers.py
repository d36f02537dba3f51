"""The one place where errors become answers."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from backend.api.schemas.errors import problem_of
from backend.errors import (
    AppError,
    FieldError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
)
from backend.observability.logs import request_id

_MOST_PLACES = 20
_BY_STATUS: dict[int, AppError] = {
    400: InvalidRequest("The host or origin of the request is not allowed here."),
    404: NotFound(),
    405: MethodNotAllowed(),
    413: PayloadTooLarge(),
}
_log = logging.getLogger("backend.errors")


class ProblemResponse(JSONResponse):
    """An AppError as application/problem+json (RFC 9457)."""

    media_type = "application/problem+json"

    def __init__(self, error: AppError, headers: Mapping[str, str] | None = None) -> None:
        problem = problem_of(error, request_id.get())
        super().__init__(problem, error.status, {**error.headers, **(headers or {})})


def problem_for_status(status: int) -> AppError:
    """Our error for one that a library answered by its status alone."""
    return _BY_STATUS.get(status) or InternalError()


def internal_problem(error: Exception) -> ProblemResponse:
    """Log what was not foreseen, with its trace, and tell the client nothing of it."""
    _log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return ProblemResponse(InternalError())


def _place(error: Mapping[str, Any]) -> FieldError:
    """Where and what, in our words where the library's would repeat what was sent."""
    loc, code = list(error["loc"]), error["type"]
    if code == "extra_forbidden":
        return FieldError(str(loc[0]), "there is a field that is not known here", "unknown_field")
    return FieldError(".".join(map(str, loc)), error["msg"], code)


def _invalid(errors: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    places = dict.fromkeys(map(_place, errors))
    return InvalidRequest(errors=tuple(places)[:_MOST_PLACES])


def _allowed_methods(request: Request) -> list[str]:
    """All methods of all routes at this path; the framework names those of the first alone."""
    methods: set[str] = {"OPTIONS"}
    for route in iter_route_contexts(request.app.routes):
        if route.methods and compile_path(route.path or "")[0].match(request.scope["path"]):
            methods |= route.methods
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _on_app_error(request: Request, error: AppError) -> Response:
    return ProblemResponse(error)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    return ProblemResponse(_invalid(error.errors()))


async def _on_http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code != MethodNotAllowed.status:
        return ProblemResponse(problem_for_status(error.status_code))
    allow = {"Allow": ", ".join(_allowed_methods(request))}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    return ProblemResponse(MethodNotAllowed(), allow)


def render_errors(app: FastAPI) -> None:
    """Let this module answer for every error that reaches the application."""
    app.exception_handlers.update(
        {
            AppError: _on_app_error,
            RequestValidationError: _on_invalid,
            HTTPException: _on_http_error,
        }
    )
