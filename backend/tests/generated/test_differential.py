"""Lists against a plain model: any filters together, in any order, on pages of any size.

The suite takes the same few hundred steps each time. `make differential` takes 20,000 (STEPS=…),
and others each time (SEED=1: the same).
"""

import logging
import os
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy.engine import URL

from backend.tests.support import strategies as draw
from backend.tests.support.list_machine import (
    ListMachine,
    Search,
    beside,
    places,
    searches,
    seeds,
    take_steps,
)
from backend.tests.support.model import patched
from backend.tests.support.model_machine import Aim

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

_log = logging.getLogger(__name__)
MORE = os.environ.get("DIFFERENTIAL_STEPS")
STEPS = int(MORE or 400)
kinds = st.sampled_from(("live", "live", "trashed"))
aims = st.builds(Aim, places, kinds, draw.many_numbers, draw.unconditional)


class Lists(ListMachine):
    """Two owners with many tasks, a few of which change between the questions."""

    @initialize(bodies=st.lists(draw.bodies, min_size=30, max_size=60))
    def begin(self, bodies: list[dict[str, Any]]) -> None:
        self.begin_with(bodies)

    @rule(aim=aims, body=draw.patches)
    def change(self, aim: Aim, body: dict[str, Any]) -> None:
        self.write(aim, ("PATCH", "", body), lambda content: patched(content, body))

    @rule(aim=aims)
    def move(self, aim: Aim) -> None:
        """To the trash, or out of it."""
        if aim.kind == "trashed":
            self.send_restore(aim)
        else:
            self.send_trash(aim)

    @rule(aim=aims, parent=draw.many_numbers)
    def nest(self, aim: Aim, parent: int) -> None:
        """Or out of it again, where the number is a multiple of five."""
        ids = self.owners[aim.place.owner].ids()
        body = {"parent_id": ids[parent % len(ids)] if parent % 5 and ids else None}
        self.write(aim, ("PATCH", "", body), lambda content: patched(content, body))

    @rule(search=searches(draw.anything))
    def ask(self, search: Search) -> None:
        self.send_list(*search)

    @rule(search=searches(draw.anything))
    def ask_again(self, search: Search) -> None:
        """Half of all rules are questions."""
        self.send_list(*search)


@pytest.mark.requirement("FR-16", "FR-17", "FR-18", "FR-10")
def test_every_list_is_what_the_model_lists(
    database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with beside(database, caplog) as service:
        take_steps(Lists, service, STEPS, seeds(fixed=not MORE))
    pages, followed = service.seen["pages"], service.seen["followed"]
    _log.warning("%d steps, %d pages compared, %d links followed", service.steps, pages, followed)
    assert pages > STEPS / 2
    assert followed > STEPS / 5
