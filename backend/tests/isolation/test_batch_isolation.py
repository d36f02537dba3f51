"""A batch tells nothing of another owner's task."""

from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.below import rows

NEW = {"op": "create", "task": {"title": "x"}}


@pytest.mark.requirement("FR-10", "FR-42")
@pytest.mark.parametrize("op", ["update", "complete", "delete", "restore"])
def test_a_foreign_task_fails_exactly_as_a_missing_one(
    api: Api, below: Connection, op: str
) -> None:
    api.made()
    foreign = api.of(2).made()
    more: dict[str, Any] = {"update": {"changes": {"title": "taken over"}}}.get(op, {})
    more |= {"completed": True} if op == "complete" else {}
    theirs = rows(below, 2)
    texts = set()
    for task_id in (foreign["id"], 10**15):
        for revision in ({}, {"revision": foreign["revision"]}):
            problem = api.batch(NEW, {"op": op, "id": task_id, **more, **revision})
            texts.add(problem.text.replace(problem.headers["x-request-id"], ""))
            assert problem.status_code == 404
    assert len(texts) == 1
    assert rows(below, 2) == theirs
