"""The audit of `make chaos` sees a broken series, a torn family and another order."""

from functools import partial
from typing import Any

import pytest

from backend.tests.chaos.households import BOARDS, Household
from backend.tests.support.arena import Arena
from backend.tests.support.commands import execute
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.untraced, pytest.mark.requirement("FR-21", "FR-71", "FR-73", "FR-74")]


def test_the_audit_of_a_household_sees_what_cannot_be(arena: Arena) -> None:
    api = arena.api(PRIMARY)
    is_away = False

    def send(method: str, path: str, body: Any = None, key: str = "", *, owner: int) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        url = PRIMARY.tasks(owner) + path
        answer = arena.client.request(method, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        return None if is_away else answer.json() if answer.content else {}

    below, owner = partial(execute, arena.database), int(str(api.owner))
    household = Household(send, owner, BOARDS + owner)
    for number in range(1, 31):
        household.act(number)
    assert household.audit(below) == (0, 0)
    assert household.lines is not None
    [line], [series, *_], [family, *_] = household.lines, household.series, household.families
    household.lines = [line[::-1]]
    own = f"WHERE user_id = {owner} AND"
    below(f"UPDATE tasks SET deleted_at = now() {own} id = {family.child}")
    below(f"UPDATE tasks SET repeat_of = NULL {own} repeat_of = {series.id}")
    household.series[1].id = household.families[1].parent = 1
    assert household.audit(below) == (5, 0)

    is_away = True  # what is not known is not held against anybody, and left alone
    owner = int(str(arena.api(PRIMARY).owner))
    other = Household(send, owner, BOARDS + owner)
    for number in range(31, 40):
        other.act(number)
    assert (other.series, other.families, other.lines) == ([], [], None)
    assert other.audit(below) == (0, 0)
