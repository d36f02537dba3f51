"""Any operations as one batch, and one by one for another owner: the answers are the same.

The suite tries the same batches each time. More of them: `BATCHES=2000`.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.tests.support import strategies as draw
from backend.tests.support.api import Api
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-42")]

EXAMPLES = int(os.environ.get("BATCHES", "200"))
OWN = {"id", "user_id", "url", "revision", "created_at", "updated_at", "completed_at"}
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="BATCHES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)

revisions = st.sampled_from(("none", "none", "none", "current", "stale"))
changes: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("update"), draw.patches),
    st.tuples(st.just("update"), st.just({})),
    st.tuples(
        st.just("update"),
        st.sampled_from(({"due_date": draw.DAYS[0]}, {"due_at": draw.INSTANTS[0]})),
    ),
    st.tuples(st.just("complete"), st.booleans()),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("restore"), st.none()),
)
asked: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("create"), draw.bodies, revisions), st.tuples(changes, st.none(), revisions)
)
plans = st.tuples(
    st.lists(draw.bodies, min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.lists(asked, min_size=1, max_size=5),
)


def begun(api: Api, bodies: list[dict[str, Any]], trashed: list[bool]) -> list[int]:
    """Tasks of these contents, some of them in the trash; one that is missing at the end."""
    api.delete_all()
    ids = []
    for body, is_trashed in zip(bodies, trashed, strict=True):
        made = api.create(**body)
        if made.is_success:
            ids.append(made.json()["id"])
            if is_trashed:
                api.delete(ids[-1])
    return [*ids, 10**15]


def operation(api: Api, step: Any, task: int) -> dict[str, Any]:
    kind, body, condition = step
    if kind == "create":
        return {"op": "create", "task": body}
    name, value = kind
    found = api.read(task)
    revision = found.json()["revision"] if found.is_success else 7
    more = {"update": {"changes": value}, "complete": {"completed": value}}.get(name, {})
    shifts = {"none": {}, "current": {"revision": revision}, "stale": {"revision": revision - 1}}
    return {"op": name, "id": task, **more, **shifts[condition]}


def alone(api: Api, one: dict[str, Any]) -> Any:
    """The single request for an operation."""
    if one["op"] == "create":
        return api.create(**one["task"])
    headers = {"If-Match": f'"{one["revision"]}"'} if "revision" in one else None
    requests = {
        "update": lambda: api.patch(one["id"], headers, **one["changes"]),
        "complete": lambda: api.complete(one["id"], headers, completed=one["completed"]),
        "delete": lambda: api.delete(one["id"], headers),
        "restore": lambda: api.restore(one["id"], headers),
    }
    return requests[one["op"]]()


def shown(task: dict[str, Any]) -> dict[str, Any]:
    """What two owners' equal tasks have in common."""
    common = {name: value for name, value in task.items() if name not in OWN}
    return {**common, "is_done": task["completed_at"] is not None}


def test_a_batch_answers_as_its_operations_do_one_by_one(client: RecordingClient) -> None:
    singly, together = Api(client, PRIMARY, 1), Api(client, FLAT, 2)
    seen: Counter[object] = Counter()

    @SETTINGS
    @given(plans)
    def check(plan: Any) -> None:
        bodies, trashed, steps = plan
        ours, theirs = (begun(api, bodies, trashed) for api in (singly, together))
        if len(ours) < len(steps):
            return
        pairs = list(zip(steps, ours, theirs, strict=False))
        operations = [operation(together, step, task) for step, _, task in pairs]
        answer = together.batch(*operations)
        answers = [alone(singly, operation(singly, step, task)) for step, task, _ in pairs]
        failed = [n for n, one in enumerate(answers) if not one.is_success]
        seen[answer.status_code] += 1
        if not failed:
            require_same(answer, answers)
        elif any(answers[number].status_code == 400 for number in failed):
            assert answer.status_code == 400
        else:
            assert answer.status_code == answers[failed[0]].status_code
            told = {(error["loc"], error["code"]) for error in answer.json()["errors"]}
            assert told == {(f"body.operations.{n}", answers[n].json()["code"]) for n in failed}

    check()
    assert all(seen[status] > 1 for status in (200, 404, 409, 412)), seen


def require_same(answer: Any, answers: list[Any]) -> None:
    assert answer.status_code == 200, answer.text
    for result, single in zip(answer.json()["results"], answers, strict=True):
        assert result["status"] == single.status_code
        if single.content:
            assert shown(result["task"]) == shown(single.json())
