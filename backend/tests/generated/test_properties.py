"""Two owners, any requests on both surfaces: the service and a plain model never differ.

The suite takes the same steps each time. More of them, and others each time:
`PROPERTY_STEPS=20000 .venv/bin/pytest backend/tests/generated/test_properties.py`
"""

import os
from dataclasses import replace
from itertools import count
from secrets import randbits
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.tests.support import strategies as draw
from backend.tests.support.model import Content, Owner, Task, patched, require_valid, sent, whole
from backend.tests.support.model_machine import OWNERS, Aim, ModelMachine, Place, Service, task_of
from backend.tests.support.model_queries import Condition, Filters, Query, at, encoded, matches
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Request

pytestmark = pytest.mark.untraced

Search = tuple[Place, Query, Condition, str]
MORE = os.environ.get("PROPERTY_STEPS")
STEPS = int(MORE or 2000)
STEPS_OF_AN_EXAMPLE = 100
MOST_EXAMPLES = 9
"""Of one run: from the tenth on, Hypothesis would mostly vary those that it has."""

SETTINGS = settings(
    stateful_step_count=STEPS_OF_AN_EXAMPLE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    report_multiple_bugs=False,
)

places = st.builds(Place, st.sampled_from(OWNERS), st.sampled_from((PRIMARY, FLAT)))
aims = st.builds(Aim, places, draw.kinds, draw.numbers, draw.conditions)
keys = st.sampled_from((None, "k", "K", "~ !"))
methods = st.sampled_from(("GET", "GET", "GET", "HEAD"))
media_types = st.sampled_from(("application/json", "application/merge-patch+json"))
completions = st.sampled_from((None, None, {"completed": True}, {"completed": False}))
unknown = st.sampled_from(({}, {}, {}, {"deleted": True}, {"limit": 1}, {"tags": "home"}))


def searches(queries: st.SearchStrategy[Query]) -> st.SearchStrategy[Search]:
    return st.tuples(places, queries, draw.conditions, methods)


def same(content: Content) -> Content:
    return content


class Requests(ModelMachine):
    """Each rule is a request whose answer the model foretells."""

    @initialize(bodies=draw.beginnings)
    def begin(self, bodies: list[dict[str, Any]]) -> None:
        for number, body in enumerate(bodies):
            self.send_create(Place(OWNERS[number % 2], PRIMARY), body, None)

    @rule(place=places, body=draw.bodies, key=keys)
    def create(self, place: Place, body: dict[str, Any], key: str | None) -> None:
        self.send_create(place, body, key)

    @precondition(lambda self: any(one.first_uses for one in self.owners.values()))
    @rule(place=places, number=draw.numbers, changes=draw.changes)
    def create_again(self, place: Place, number: int, changes: dict[str, Any]) -> None:
        """With a key that one of the owners has used, and mostly with its content."""
        uses = [use for one in self.owners.values() for use in one.first_uses.items()]
        key, (content, _) = uses[number % len(uses)]
        self.send_create(place, sent(content) | changes, key)

    def send_create(self, place: Place, body: dict[str, Any], key: str | None) -> None:
        owner = self.owners[place.owner]
        headers = {"Idempotency-Key": key} if key else {}
        response = self.send(place.surface.create(place.owner, **body), headers)

        def told() -> tuple[Content, Task | None]:
            require_valid(body)
            return whole(body), owner.replayed(key, whole(body))

        if plan := self.foretold(response, told):
            content, first = plan
            task = task_of(response, 201)
            assert response.headers["location"] == response.json()["url"]
            assert response.headers.get("idempotent-replayed") == ("true" if first else None)
            self.service.seen["replayed"] += first is not None
            if first is None:
                owner.create(content, task, key)
            assert first in {None, task}

    @rule(aim=aims, method=methods)
    def read(self, aim: Aim, method: str) -> None:
        owner, task_id, revision = self.target(aim)
        headers = aim.condition.header("If-None-Match", revision)
        request = Request(method, aim.place.surface.task(owner.number, task_id))
        response = self.send(request, headers)

        def told() -> Task:
            aim.condition.require_valid()
            return owner.live(task_id)

        if task := self.foretold(response, told):
            assert response.headers["etag"] == f'"{task.revision}"'
            assert response.status_code == (304 if aim.condition.is_known else 200)
            if aim.condition.is_known or method == "HEAD":
                assert response.content == b""
            else:
                assert task_of(response) == task

    @rule(aim=aims, body=draw.bodies)
    def replace(self, aim: Aim, body: dict[str, Any]) -> None:
        self.write(aim, ("PUT", "", body), lambda _: whole(body))

    @rule(aim=aims, body=draw.patches, media_type=media_types)
    def patch(self, aim: Aim, body: dict[str, Any], media_type: str) -> None:
        def merged(content: Content) -> Content:
            return patched(content, body)

        self.write(aim, ("PATCH", "", body), merged, media_type=media_type)

    @rule(aim=aims, body=completions)
    def complete(self, aim: Aim, body: dict[str, bool] | None) -> None:
        def completed(content: Content) -> Content:
            return replace(content, completed=body["completed"] if body else not content.completed)

        self.write(aim, ("PATCH", "/complete", body), completed)

    @rule(aim=aims)
    def trash(self, aim: Aim) -> None:
        if plan := self.plan(aim, ("DELETE", "", None), same):
            response, owner, task, _ = plan
            self.moved_to_trash(owner, {task.id}, response)

    @rule(aim=aims)
    def restore(self, aim: Aim) -> None:
        self.write(aim, ("POST", "/restore", None), same, find=Owner.any)

    @precondition(lambda self: all(len(one.ids()) > 4 for one in self.owners.values()))
    @rule(place=places, filters=draw.filters, more=unknown)
    def trash_many(self, place: Place, filters: Filters, more: dict[str, Any]) -> None:
        owner = self.owners[place.owner]
        wanted = at(filters, owner.tasks.values())
        url = place.surface.tasks(place.owner, encoded({**wanted, **more}))
        response = self.send(Request("DELETE", url))
        if more or not wanted.get("q", "all").strip():  # an empty search is not about everything
            require_problem(response, 400, "validation_error")
        else:
            ids = {task.id for task in owner.tasks.values() if matches(task, wanted)}
            self.moved_to_trash(owner, ids, response)

    @rule(search=searches(draw.found))
    def find(self, search: Search) -> None:
        self.send_list(*search)

    @rule(search=searches(draw.due))
    def find_due(self, search: Search) -> None:
        self.send_list(*search)

    @rule(search=searches(draw.texts))
    def find_text(self, search: Search) -> None:
        self.send_list(*search)

    @rule(search=searches(draw.ordered))
    def sort(self, search: Search) -> None:
        self.send_list(*search)

    def send_list(self, place: Place, query: Query, condition: Condition, method: str) -> None:
        owner = self.owners[place.owner]
        query = replace(query, filters=at(query.filters, owner.tasks.values()))
        url = place.surface.tasks(place.owner, str(query))
        headers = condition.header("If-None-Match", owner.revision)
        response = self.send(Request(method, url), headers)

        def told() -> bool:
            condition.require_valid()
            return True

        if not self.foretold(response, told):
            return
        if condition.is_known:
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == f'"{owner.revision}"'
        else:
            self.walk(place, query, response)

    @precondition(lambda self: self.pages)
    @rule(number=draw.numbers)
    def go_on(self, number: int) -> None:
        """From a link that was given before others wrote: on behind the task at its end."""
        page = self.pages[-1 - number % len(self.pages)]
        owner = self.owners[page.place.owner]
        rest = page.query.after(page.last, owner.tasks.values())
        response = self.send(Request("GET", page.link))
        self.require_page(response, owner, page.query, rest)

    @precondition(lambda self: self.pages)
    @rule(number=draw.numbers, other=st.sampled_from(("owner", "sort", "filter")))
    def go_astray(self, number: int, other: str) -> None:
        """With a cursor of another query, or another owner's."""
        (owner, surface), query, link, _ = self.pages[-1 - number % len(self.pages)]
        [cursor] = parse_qs(urlsplit(link).query)["cursor"]
        if other == "owner":
            [owner] = set(OWNERS) - {owner}
        elif other == "sort":
            query = replace(query, sort=("title",) if query.sort != ("title",) else ("-title",))
        else:
            query = replace(query, filters={**query.filters, "q": "another"})
        response = self.send(
            Request("GET", surface.tasks(owner, f"{query}&{encoded({'cursor': cursor})}"))
        )
        require_problem(response, 400, "invalid_cursor")


@pytest.mark.requirement("FR-16", "FR-17", "FR-18", "FR-19", "FR-10")
def test_the_service_does_what_the_model_does(
    live: RecordingClient, database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("backend.access", "httpx2"):
        caplog.set_level("WARNING", logger)
    engine = create_engine(database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as below:
        service = Requests.service = Service(live, below)
        numbers = count(randbits(64) if MORE else 0)
        while service.steps < STEPS:
            wanted = (STEPS - service.steps) // STEPS_OF_AN_EXAMPLE + 2
            run_state_machine_as_test(
                seed(next(numbers))(Requests),
                settings=settings(SETTINGS, max_examples=min(wanted, MOST_EXAMPLES)),
            )
    expected = {200, 201, 204, 304, 400, 404, 409, 412, 422, "replayed", "followed"}
    assert service.steps >= STEPS
    assert expected <= {what for what, times in service.seen.items() if times > 5}
