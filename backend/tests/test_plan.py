"""Handlers get by their plan what FastAPI would give them; what has no plan is FastAPI's own."""

from asyncio import Semaphore
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest
from fastapi import Cookie, Depends, FastAPI, Header, Query, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlmodel import Session

from backend.api.dependencies import get_caller, get_session
from backend.api.error_handlers import render_errors
from backend.api.routing.resolver import plan_of
from backend.api.routing.route import StrictRoute
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface


class Wanted(BaseModel):
    """A query of two names, one of them repeatable."""

    limit: int = 5
    tag: tuple[str, ...] = ()


class Sent(BaseModel):
    name: str


async def counted(x_calls: Annotated[list[int], Header()] = []) -> int:  # noqa: B006
    """A dependency that two others share."""
    return len(x_calls)


async def doubled(count: Annotated[int, Depends(counted)]) -> int:
    return count * 2


def planned(
    number: int,
    wanted: Annotated[Wanted, Query()],
    body: Sent,
    count: Annotated[int, Depends(counted)],
    double: Annotated[int, Depends(doubled)],
    x_name: Annotated[str, Header()],
) -> Response:
    return Response(f"{number} {wanted.limit} {wanted.tag} {body.name} {count} {double} {x_name}")


def with_cookie(cookie: Annotated[str, Cookie()]) -> Response:
    return Response(cookie)


async def lent() -> AsyncIterator[str]:
    yield "lent"


def with_loan(loan: Annotated[str, Depends(lent)]) -> Response:
    return Response(loan)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()
    app.router.route_class = StrictRoute
    app.post("/planned/{number}")(planned)
    app.get("/cookie")(with_cookie)
    app.get("/loan")(with_loan)
    render_errors(app)
    return app


@pytest.fixture(scope="module")
def small(app: FastAPI) -> Iterator[TestClient]:
    app.state.connections = Semaphore(1)
    with TestClient(app) as client:
        yield client


def route(app: FastAPI, path: str) -> APIRoute:
    [found] = [one for one in app.routes if isinstance(one, APIRoute) and one.path == path]
    return found


@pytest.mark.requirement("NFR-15")
def test_every_handler_of_tasks_has_a_plan(shared_app: FastAPI) -> None:
    routes = [one for one in shared_app.routes if isinstance(one, APIRoute)]
    of_tasks = [one for one in routes if "tasks" in one.path]
    assert len(of_tasks) == 18
    assert all(plan_of(one.dependant) for one in of_tasks)


@pytest.mark.requirement("NFR-15")
def test_a_plan_gives_what_was_sent(small: TestClient, app: FastAPI) -> None:
    assert plan_of(route(app, "/planned/{number}").dependant)
    headers = [("X-Calls", "1"), ("X-Calls", "2"), ("X-Name", "me")]
    answer = small.post("/planned/7?limit=9&tag=a&tag=b", json={"name": "n"}, headers=headers)
    assert answer.text == "7 9 ('a', 'b') n 2 4 me"
    answer = small.post("/planned/7", json={"name": "n"}, headers={"X-Name": "me"})
    assert answer.text == "7 5 () n 0 0 me"


@pytest.mark.requirement("NFR-15")
def test_a_plan_tells_all_that_is_wrong_where_it_is(small: TestClient) -> None:
    answer = small.post("/planned/x?limit=y", json={}, headers={"X-Calls": "z"})
    places = {error["loc"]: error["code"] for error in answer.json()["errors"]}
    assert places == {
        "path.number": "int_parsing",
        "query.limit": "int_parsing",
        "body.name": "missing",
        "header.x-calls.0": "int_parsing",
        "header.x-name": "missing",
    }
    missing = small.post("/planned/1", headers={"X-Name": "me"}).json()["errors"]
    assert [(error["loc"], error["code"]) for error in missing] == [("body", "missing")]


@pytest.mark.requirement("NFR-15")
def test_what_a_plan_does_not_know_is_served_by_the_framework(
    small: TestClient, app: FastAPI
) -> None:
    for path in ("/cookie", "/loan"):
        assert plan_of(route(app, path).dependant) is None
    assert small.get("/cookie", headers={"Cookie": "cookie=c"}).text == "c"
    assert small.get("/loan").text == "lent"


@pytest.mark.requirement("FR-11")
def test_a_test_overrides_dependencies_with_whatever_fastapi_takes(
    client: RecordingClient, surface: Surface
) -> None:
    sessions, used = client.app.state.sessions, []

    def session() -> Iterator[Session]:
        with sessions() as made:
            used.append(made)
            yield made

    client.app.dependency_overrides |= {get_session: session, get_caller: lambda: 1}
    mine = client.request(**vars(surface.create(1, title="x")))
    theirs = client.request(**vars(surface.create(2, title="x")))
    read = client.get(surface.task(1, mine.json()["id"]))
    assert (mine.status_code, theirs.status_code, read.json()) == (201, 403, mine.json())
    assert len(used) == 3
