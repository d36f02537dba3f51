"""The model machine with creates and lists, and how long runs of it are made."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from secrets import randbits
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.tests.support import strategies as draw
from backend.tests.support.databases import settings_for
from backend.tests.support.model import Content, Task, require_valid, whole
from backend.tests.support.model_machine import (
    OWNERS,
    Aim,
    ModelMachine,
    Place,
    Service,
    task_of,
)
from backend.tests.support.model_owner import Owner
from backend.tests.support.model_queries import Condition, Query, at, encoded
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Request
from backend.tests.support.tags import tag_of

_log = logging.getLogger(__name__)
STEPS_OF_AN_EXAMPLE = 100
MAX_EXAMPLES = 9  # of one run: from the tenth on, Hypothesis mostly varies those that it has
SETTINGS = settings(
    stateful_step_count=STEPS_OF_AN_EXAMPLE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    report_multiple_bugs=False,
)

Search = tuple[Place, Query, Condition, str]

places = st.builds(Place, st.sampled_from(OWNERS), st.sampled_from((PRIMARY, FLAT)))
methods = st.sampled_from(("GET", "GET", "GET", "HEAD"))


def searches(queries: st.SearchStrategy[Query]) -> st.SearchStrategy[Search]:
    return st.tuples(places, queries, draw.conditions, methods)


class ListMachine(ModelMachine):
    """Creates tasks, asks for lists, and follows their links; other rules are for a subclass."""

    def begin_with(self, bodies: list[dict[str, Any]]) -> None:
        for number, body in enumerate(bodies):
            self.send_create(Place(OWNERS[number % 2], PRIMARY), body, None)

    def send_create(self, place: Place, body: dict[str, Any], key: str | None) -> None:
        owner = self.owners[place.owner]
        headers = {"Idempotency-Key": key} if key else {}
        response = self.send(place.surface.create(place.owner, **body), headers)

        def told() -> tuple[Content, Task | None]:
            require_valid(body)
            content = whole(body)
            first = owner.replayed(key, content)
            if first is None:
                owner.require_parent(None, content.parent_id)
            return content, first

        if plan := self.foretold(response, told):
            content, first = plan
            task = task_of(response, 201)
            assert response.headers["location"] == response.json()["url"]
            assert response.headers.get("idempotent-replayed") == ("true" if first else None)
            self.service.seen["replayed"] += first is not None
            if first is None:
                owner.create(content, task, key)
            assert first in {None, task}

    def send_trash(self, aim: Aim) -> None:
        if plan := self.plan(aim, ("DELETE", "", None), lambda same: same):
            response, owner, task, _ = plan
            self.moved_to_trash(owner, {task.id}, response)

    def send_restore(self, aim: Aim) -> None:
        request = ("POST", "/restore", None)
        if plan := self.plan(aim, request, lambda same: same, find=Owner.any):
            response, owner, before, _ = plan
            if before.trashed:
                family = owner.family({before.id}, trashed=False)
                self.service.seen["back"] += len(family)
                owner.move(self.stored_tasks(owner, {before.id} | family), trashed=False)
            assert task_of(response) == owner.tasks[before.id]

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
        if condition.is_known and not query.follows_the_clock:
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == tag_of(owner.revision)
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
        url = surface.tasks(owner, f"{query}&{encoded({'cursor': cursor})}")
        response = self.send(Request("GET", url))
        require_problem(response, 400, "invalid_cursor")


@contextmanager
def beside(database: URL, caplog: pytest.LogCaptureFixture) -> Iterator[Service]:
    """The service, and a look at its tables past it; without a log of each request.

    It is patient: what counts is what it answers, also on a machine that has much else to do.
    """
    for logger in ("backend.access", "httpx2"):
        caplog.set_level("WARNING", logger)
    app = create_app(settings_for(database, request_timeout=60))
    engine = create_engine(database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with RecordingClient(app) as client, engine.connect() as below:
        client.recorder = Recorder(app.state.runtime.engine)
        yield Service(client, below)


def seeds(*, fixed: bool) -> Iterator[int]:
    """From the environment's SEED on, else from 0, or from anywhere."""
    return count(int(os.environ.get("SEED") or (0 if fixed else randbits(32))))


def take_steps(
    machine: type[ModelMachine], service: Service, steps: int, numbers: Iterator[int]
) -> None:
    """Run the machine until it has taken so many steps."""
    machine.service = service
    while service.steps < steps:
        number = next(numbers)
        _log.warning("SEED=%d after %d steps", number, service.steps)
        wanted = (steps - service.steps) // STEPS_OF_AN_EXAMPLE + 2
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(SETTINGS, max_examples=min(wanted, MAX_EXAMPLES)),
        )
