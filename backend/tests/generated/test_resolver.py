"""The compiled resolver gives handlers what FastAPI would give them, with overrides too."""

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Annotated, Any, Self
from urllib.parse import urlencode

import pytest
from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlmodel import Session

from backend.api.dependencies import get_caller, get_session
from backend.api.error_handlers import EXCEPTION_HANDLERS
from backend.api.routing import route as strict_route
from backend.api.routing.event_loop import on_event_loop
from backend.api.routing.resolver import resolver_of
from backend.api.routing.route import StrictRoute
from backend.runtime import Gates
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface


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
    app = FastAPI(exception_handlers=EXCEPTION_HANDLERS)
    app.router.route_class = route_class
    app.state.runtime = SimpleNamespace(gates=Gates(1))
    app.post("/resolved/{number}")(on_event_loop(resolved, app))
    app.get("/behind")(on_event_loop(with_tasks_behind, app))
    return app


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application(StrictRoute)


@pytest.fixture(scope="module")
def ours(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def frameworks() -> Iterator[TestClient]:
    """The same handlers on FastAPI's own routes."""
    with TestClient(application(APIRoute)) as client:
        yield client


def route(app: FastAPI, path: str) -> APIRoute:
    [found] = [one for one in app.routes if isinstance(one, APIRoute) and one.path == path]
    return found


def told(answer: Any) -> Any:
    """What an answer says; of an error, the places and codes."""
    if answer.status_code == 200:
        return answer.text
    return answer.status_code, sorted((e["loc"], e["code"]) for e in answer.json()["errors"])


@pytest.mark.requirement("NFR-15")
def test_every_handler_of_tasks_has_a_resolver(shared_app: FastAPI) -> None:
    routes = [one for one in shared_app.routes if isinstance(one, APIRoute)]
    of_tasks = [one for one in routes if "tasks" in one.path]
    assert len(of_tasks) == 18
    assert all(resolver_of(one.dependant, {}) for one in of_tasks)


TEXT = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=3)
NUMBER = st.integers(-5, 5).map(str) | TEXT
MAYBE = st.none() | NUMBER


class Asked(BaseModel):
    """A request as Hypothesis makes it up; what is None is left out."""

    number: str
    limit: str | None
    tags: list[str]
    calls: list[str]
    name: str | None
    cookie: str | None
    body: dict[str, Any] | None

    def send(self, client: TestClient) -> Any:
        single = {"X-Name": self.name, "Cookie": f"cookie={self.cookie}" if self.cookie else None}
        headers = [("X-Calls", call) for call in self.calls]
        headers += [(name, value) for name, value in single.items() if value is not None]
        query = [("tag", tag) for tag in self.tags]
        query += [("limit", self.limit)] if self.limit is not None else []
        url = f"/resolved/{self.number}"
        return client.post(url, params=urlencode(query), headers=headers, json=self.body)


ASKED = st.builds(
    Asked,
    number=NUMBER.filter(bool),
    limit=MAYBE,
    tags=st.lists(TEXT, max_size=3),
    calls=st.lists(NUMBER.filter(bool), max_size=3),
    name=MAYBE,
    cookie=MAYBE,
    body=st.none() | st.dictionaries(st.sampled_from(["name", "size"]), NUMBER | st.integers()),
)


@pytest.mark.requirement("NFR-15", "NFR-17")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=ASKED)
def test_the_resolver_and_the_framework_agree_on_values_and_errors(
    ours: TestClient, frameworks: TestClient, asked: Asked
) -> None:
    assert told(asked.send(ours)) == told(asked.send(frameworks))


def test_a_handler_that_needs_more_is_served_by_the_framework(
    ours: TestClient, app: FastAPI
) -> None:
    assert resolver_of(route(app, "/behind").dependant, {}) is None
    assert ours.get("/behind").text == "BackgroundTasks /behind"


def plain() -> int:
    return 7


async def coroutine() -> int:
    return 7


def generator() -> Iterator[int]:
    yield 7


async def async_generator() -> AsyncIterator[int]:
    yield 7


class Instance:
    def __call__(self, number: int) -> int:
        return 7 + 0 * number


class AsyncInstance:
    async def __call__(self, x_name: Annotated[str, Header()]) -> int:
        return 7 + 0 * len(x_name)


class Seven(int):
    def __new__(cls) -> Self:
        return super().__new__(cls, 7)


KINDS: dict[str, Any] = {
    "function": plain,
    "coroutine": coroutine,
    "generator": generator,
    "async generator": async_generator,
    "instance": Instance(),
    "async instance": AsyncInstance(),
    "class": Seven,
    "lambda": lambda: 7,
}


@pytest.mark.requirement("NFR-17")
@pytest.mark.threat(64)
@pytest.mark.parametrize("override", KINDS.values(), ids=KINDS)
def test_an_override_of_any_kind_takes_the_resolver_too(
    ours: TestClient, app: FastAPI, override: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.dependency_overrides, counted, override)
    overridden = resolver_of(route(app, "/resolved/{number}").dependant, app.dependency_overrides)
    assert overridden is not None
    answer = ours.post("/resolved/1", json={"name": "n"}, headers={"X-Name": "me"})
    assert answer.text == "1 5 () n 7 14 me none"


@pytest.mark.requirement("NFR-17")
@pytest.mark.threat(64)
def test_what_a_generator_lends_is_taken_back_once(
    ours: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []

    def lent() -> Iterator[int]:
        events.append("lent")
        yield 1
        events.append("back")

    monkeypatch.setitem(app.dependency_overrides, counted, lent)
    assert ours.post("/resolved/1", json={"name": "n"}, headers={"X-Name": "me"}).is_success
    assert events == ["lent", "back"]


@pytest.mark.requirement("FR-11", "NFR-17")
@pytest.mark.threat(64)
def test_the_owner_seam_is_overridden_on_the_path_of_production(
    client: RecordingClient, surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sessions of a generator and a caller of a bearer token: both by the resolver."""
    sessions, used = client.app.state.runtime.sessions, []

    def session() -> Iterator[Session]:
        with sessions() as made:
            used.append(made)
            yield made

    def caller(token: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> int:
        return int(token.credentials)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("FastAPI solved the dependencies")

    monkeypatch.setattr("fastapi.routing.solve_dependencies", never)
    client.app.dependency_overrides |= {get_session: session, get_caller: caller}
    token = {"Authorization": "Bearer 1"}
    mine = client.request(**vars(surface.create(1, title="x")), headers=token)
    theirs = client.request(**vars(surface.create(2, title="x")), headers=token)
    read = client.get(surface.task(1, mine.json()["id"]), headers=token)
    assert (mine.status_code, theirs.status_code, read.json()) == (201, 403, mine.json())
    assert len(used) == 3


@pytest.mark.requirement("NFR-15", "NFR-17")
def test_a_traced_request_answers_like_any_other(
    client: RecordingClient, surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where telemetry watches, FastAPI solves the arguments itself: the same answers."""
    task = client.request(**vars(surface.create(1, title="x"))).json()
    urls = [surface.tasks(1, "limit=1"), surface.tasks(1, "limit=x&sort=y"), surface.tasks("x")]
    urls += [surface.task(1, task["id"]), surface.task(1, 10**15), surface.task(1, "y")]

    def answers() -> list[Any]:
        sent = [client.get(url) for url in urls]
        return [(one.status_code, one.json() if one.is_success else told_of(one)) for one in sent]

    plain_answers = answers()
    monkeypatch.setattr(strict_route, "get_telemetry_data", object)
    assert answers() == plain_answers


def told_of(answer: Any) -> Any:
    return answer.json()["code"], answer.json().get("errors")
