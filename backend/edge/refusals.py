"""Answers that the edge gives itself, as problem+json, without asking the application."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.errors import AppError
from backend.problems import render


def refusal(error: AppError) -> Response:
    """The problem as an answer."""
    problem = render(error)
    return Response(problem.body, problem.status, problem.headers)


async def refuse(error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the problem as the answer to this request."""
    await refusal(error)(scope, receive, send)
