"""Two owners, any requests on both surfaces: the service and a plain model never differ.

The suite takes the same steps each time. More of them, and others each time (SEED=1: the same):
`PROPERTY_STEPS=20000 .venv/bin/pytest backend/tests/generated/test_properties.py`
"""

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy.engine import URL

from backend.tests.support import strategies as draw
from backend.tests.support.family_machine import FamilyMachine, aims
from backend.tests.support.list_machine import (
    Search,
    beside,
    methods,
    places,
    searches,
    seeds,
    take_steps,
)
from backend.tests.support.model import Content, Task, patched, replaced, sent
from backend.tests.support.model_machine import Aim, Place, task_of
from backend.tests.support.model_queries import Filters, at, encoded, matches
from backend.tests.support.problems import require_problem
from backend.tests.support.surfaces import Request
from backend.tests.support.tags import tag_of

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

MORE = os.environ.get("PROPERTY_STEPS")
STEPS = int(MORE or 2000)

media_types = st.sampled_from(("application/json", "application/merge-patch+json"))
completions = st.sampled_from((None, {}, {"completed": True}, {"completed": False}))
unknown = st.sampled_from(({}, {}, {}, {"deleted": True}, {"limit": 1}, {"tags": "home"}))


class Requests(FamilyMachine):
    """Each rule is a request whose answer the model foretells."""

    @initialize(bodies=draw.beginnings)
    def begin(self, bodies: list[dict[str, Any]]) -> None:
        self.begin_with(bodies)

    @rule(place=places, body=draw.bodies, key=draw.keys)
    def create(self, place: Place, body: dict[str, Any], key: str | None) -> None:
        self.send_create(place, body, key)

    @precondition(lambda self: any(one.first_uses for one in self.owners.values()))
    @rule(place=places, number=draw.numbers, changes=draw.changes)
    def create_again(self, place: Place, number: int, changes: dict[str, Any]) -> None:
        """With a key that one of the owners has used, and mostly with its content."""
        uses = [use for one in self.owners.values() for use in one.first_uses.items()]
        key, (content, _) = uses[number % len(uses)]
        self.send_create(place, sent(content) | changes, key)

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
            assert response.headers["etag"] == tag_of(task.revision)
            assert response.status_code == (304 if aim.condition.is_known else 200)
            if aim.condition.is_known or method == "HEAD":
                assert response.content == b""
            else:
                assert task_of(response) == task

    @rule(aim=aims, body=draw.bodies)
    def replace(self, aim: Aim, body: dict[str, Any]) -> None:
        self.write(aim, ("PUT", "", body), lambda content: replaced(content, body))

    @rule(aim=aims, body=draw.patches, media_type=media_types)
    def patch(self, aim: Aim, body: dict[str, Any], media_type: str) -> None:
        def merged(content: Content) -> Content:
            return patched(content, body)

        self.write(aim, ("PATCH", "", body), merged, media_type=media_type)

    @rule(aim=aims, body=completions)
    def complete(self, aim: Aim, body: dict[str, bool] | None) -> None:
        def done(content: Content) -> Content:
            return replace(content, completed=body["completed"] if body else not content.completed)

        self.write(aim, ("PATCH", "/complete", body), done)

    @precondition(lambda self: all(len(one.ids()) > 4 for one in self.owners.values()))
    @rule(place=places, filters=draw.filters, more=unknown)
    def trash_many(self, place: Place, filters: Filters, more: dict[str, Any]) -> None:
        self.move_many(place, filters, more, restores=False)

    @precondition(lambda self: any(one.ids(trashed=True) for one in self.owners.values()))
    @rule(place=places, filters=draw.filters | st.just({}), more=unknown)
    def restore_many(self, place: Place, filters: Filters, more: dict[str, Any]) -> None:
        self.move_many(place, filters, more, restores=True)

    def move_many(self, place: Place, filters: Filters, more: Any, *, restores: bool) -> None:
        owner = self.owners[place.owner]
        wanted = at(filters, owner.tasks.values())
        address = place.surface.restore if restores else place.surface.tasks
        url = address(place.owner, encoded({**wanted, **more}))
        response = self.send(Request("POST" if restores else "DELETE", url))
        if more or not wanted.get("q", "all").strip():  # an empty search is not about everything
            require_problem(response, 400, "validation_error")
            return
        meant = {**wanted, "deleted": restores}
        ids = {task.id for task in owner.tasks.values() if matches(task, meant)}
        (self.moved_out_of_trash if restores else self.moved_to_trash)(owner, ids, response)

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


@pytest.mark.requirement("FR-16", "FR-17", "FR-18", "FR-19", "FR-10")
def test_the_service_does_what_the_model_does(
    database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with beside(database, caplog) as service:
        take_steps(Requests, service, STEPS, seeds(fixed=not MORE))
    expected = {200, 201, 204, 304, 400, 404, 409, 412, 422, "replayed", "followed"}
    expected |= {"next", "along", "back", "moved", "pushed"}
    assert expected <= {what for what, times in service.seen.items() if times > 5}
