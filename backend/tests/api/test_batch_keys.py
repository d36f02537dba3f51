"""A batch with an Idempotency-Key counts once, however often it is sent."""

from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.problems import require_problem
from backend.tests.support.surfaces import Surface

pytestmark = pytest.mark.requirement("FR-42", "FR-18")

KEY = {"Idempotency-Key": "train"}


def create(title: str) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title}}


def test_the_same_key_and_operations_get_the_first_answer_word_for_word(api: Api) -> None:
    old = api.made()
    operations = [create("a"), {"op": "delete", "id": old["id"]}, create("b")]
    first = api.batch(*operations, headers=KEY)
    assert "idempotent-replayed" not in first.headers
    api.patch(first.json()["results"][0]["task"]["id"], title="changed since")
    spelled = [{"op": "create", "task": {"title": " a ", "tags": []}}, *operations[1:]]
    for again in (api.batch(*operations, headers=KEY), api.batch(*spelled, headers=KEY)):
        assert (again.status_code, again.text) == (200, first.text)
        assert again.headers["idempotent-replayed"] == "true"
    assert len(api.list().json()) == 2


def test_the_same_key_for_other_operations_is_refused(api: Api) -> None:
    assert api.batch(create("a"), headers=KEY).is_success
    for other in ([create("b")], [create("a"), create("b")]):
        require_problem(api.batch(*other, headers=KEY), 422, "idempotency_key_reused")
    assert len(api.list().json()) == 1


def test_creates_and_batches_share_their_keys(api: Api) -> None:
    assert api.batch(create("a"), headers=KEY).is_success
    require_problem(api.create(KEY, title="a"), 422, "idempotency_key_reused")
    other = {"Idempotency-Key": "other"}
    assert api.create(other, title="a").is_success
    require_problem(api.batch(create("a"), headers=other), 422, "idempotency_key_reused")


def test_a_batch_that_failed_leaves_the_key_free(api: Api) -> None:
    failing = [create("a"), {"op": "delete", "id": 10**15}]
    assert api.batch(*failing, headers=KEY).status_code == 404
    assert api.batch(create("a"), headers=KEY).status_code == 200


def test_a_batch_that_changes_nothing_is_answered_again_all_the_same(api: Api) -> None:
    task = api.made()
    same = {"op": "update", "id": task["id"], "changes": {"title": task["title"]}}
    first = api.batch(same, headers=KEY)
    api.patch(task["id"], title="changed since")
    assert api.batch(same, headers=KEY).text == first.text
    assert api.list().json()[0]["title"] == "changed since"


def test_keys_belong_to_their_owner_and_expire(api: Api, below: Connection) -> None:
    assert api.batch(create("a"), headers=KEY).is_success
    assert "idempotent-replayed" not in api.of(2).batch(create("a"), headers=KEY).headers
    below.exec_driver_sql("UPDATE idempotency_keys SET expires_at = now() WHERE user_id = 1")
    renewed = api.batch(create("b"), headers=KEY)
    assert (renewed.status_code, renewed.headers.get("idempotent-replayed")) == (200, None)
    assert api.batch(create("b"), headers=KEY).text == renewed.text
    below.exec_driver_sql("UPDATE idempotency_keys SET expires_at = now() WHERE user_id = 1")
    assert api.create(KEY, title="c").is_success
    require_problem(api.batch(create("b"), headers=KEY), 422, "idempotency_key_reused")


def test_a_dry_run_answers_as_the_batch_would_and_takes_no_key(api: Api) -> None:
    planned = api.batch(create("a"), headers=KEY, query="dry_run=true")
    assert (planned.status_code, planned.headers.get("idempotent-replayed")) == (200, None)
    first = api.batch(create("a"), headers=KEY)
    again = api.batch(create("a"), headers=KEY, query="dry_run=true")
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    other = api.batch(create("b"), headers=KEY, query="dry_run=true")
    require_problem(other, 422, "idempotency_key_reused")
    assert len(api.list().json()) == 1


@pytest.mark.untraced
def test_twenty_at_once_with_one_key_are_one_batch(arena: Arena, surface: Surface) -> None:
    api = arena.api(surface)
    operations = [create("a"), create("b")]
    answers = arena.at_once(api.owner, 20, lambda _: api.batch(*operations, headers=KEY))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(api.list().json()) == 2
