"""Handlers that need every kind of argument, on routes of any class."""

from types import SimpleNamespace
from typing import Annotated

from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.api.error_handlers import EXCEPTION_HANDLERS
from backend.api.routing.event_loop import on_event_loop
from backend.gates import Gates


class Wanted(BaseModel):
    """A query of two names, one of them repeatable."""

    limit: int = 5
    tag: tuple[str, ...] = ()


class Sent(BaseModel):
    name: str
    size: int | None = None


async def counted(x_calls: Annotated[list[int], Header()] = []) -> int:  # noqa: B006
    """A dependency that two others share."""
    return len(x_calls)


async def doubled(count: Annotated[int, Depends(counted)]) -> int:
    return count * 2


def resolved(
    number: int,
    wanted: Annotated[Wanted, Query()],
    body: Sent,
    count: Annotated[int, Depends(counted)],
    double: Annotated[int, Depends(doubled)],
    x_name: Annotated[str, Header()],
    cookie: Annotated[str, Cookie()] = "none",
) -> Response:
    return Response(
        f"{number} {wanted.limit} {wanted.tag} {body.name} {count} {double} {x_name} {cookie}"
    )


def with_tasks_behind(background: BackgroundTasks, request: Request) -> Response:
    return Response(f"{type(background).__name__} {request.url.path}")


def application(route_class: type[APIRoute]) -> FastAPI:
    """An application with these handlers on routes of this class."""
    app = FastAPI(exception_handlers=EXCEPTION_HANDLERS)
    app.router.route_class = route_class
    app.state.runtime = SimpleNamespace(gates=Gates(1))
    app.post("/resolved/{number}")(on_event_loop(resolved, app))
    app.get("/behind")(on_event_loop(with_tasks_behind, app))
    return app


def route(app: FastAPI, path: str) -> APIRoute:
    [found] = [one for one in app.routes if isinstance(one, APIRoute) and one.path == path]
    return found
