"""`dependency_overrides`, as every FastAPI test uses them: the same path as in production."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Self

import pytest
from fastapi import Depends, FastAPI, Header
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.testclient import TestClient
from sqlmodel import Session

from backend.api.dependencies import get_caller, get_session
from backend.api.routing.resolver import resolver_of
from backend.api.routing.route import StrictRoute
from backend.tests.support.api import Api
from backend.tests.support.handlers import application, counted, route


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application(StrictRoute)


@pytest.fixture(scope="module")
def ours(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


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
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sessions of a generator and a caller of a bearer token: both by the resolver."""
    sessions, used = api.client.app.state.runtime.sessions, []

    def session() -> Iterator[Session]:
        with sessions() as made:
            used.append(made)
            yield made

    def caller(token: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> int:
        return int(token.credentials)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("FastAPI solved the dependencies")

    monkeypatch.setattr("fastapi.routing.solve_dependencies", never)
    api.client.app.dependency_overrides |= {get_session: session, get_caller: caller}
    token = {"Authorization": "Bearer 1"}
    mine = api.create(title="x", headers=token)
    theirs = api.of(2).create(title="x", headers=token)
    read = api.read(mine.json()["id"], headers=token)
    assert (mine.status_code, theirs.status_code, read.json()) == (201, 403, mine.json())
    assert len(used) == 3
