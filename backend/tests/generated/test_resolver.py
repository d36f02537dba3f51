"""The compiled resolver gives handlers what FastAPI would give them, with overrides too."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from backend.api.routing.resolver import resolver_of
from backend.api.routing.route import StrictRoute
from backend.tests.support.handlers import application, route

pytestmark = pytest.mark.untraced


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


def told(answer: Any) -> Any:
    """What an answer says; of an error, the places and codes."""
    if answer.status_code == 200:
        return answer.text
    return answer.status_code, sorted((e["loc"], e["code"]) for e in answer.json()["errors"])


@pytest.mark.requirement("NFR-15")
def test_every_handler_of_tasks_has_a_resolver(shared_app: FastAPI) -> None:
    routes = [one for one in shared_app.routes if isinstance(one, APIRoute)]
    of_tasks = [one for one in routes if "tasks" in one.path]
    assert len(of_tasks) == 36
    of_fastapi = {one.name for one in of_tasks if not resolver_of(one.dependant, {})}
    assert of_fastapi == {"stream_changes"}, "a stream, which FastAPI serves in its own way"


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
