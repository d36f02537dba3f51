"""Which rules are taken, what they come to, and that clients who know none lose none."""

import pytest

from backend.tests.api.test_repeating import DAILY, occurrences
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem


@pytest.mark.requirement("FR-72")
def test_the_next_occurrences_are_told_and_nothing_is_made(api: Api) -> None:
    task = api.made(**DAILY)
    before = api.list().headers["etag"]
    answer = occurrences(api, task["id"], "limit=2")
    assert answer.json() == {
        "items": [
            {"due_date": "2026-12-01", "due_at": None},
            {"due_date": "2026-12-02", "due_at": None},
        ]
    }
    assert len(occurrences(api, task["id"]).json()["items"]) == 10
    assert occurrences(api, api.made()["id"]).json() == {"items": []}
    assert len(api.list("", {"If-None-Match": before}).json()) == 2
    for query in ("limit=0", "limit=101", "limit=x", "cursor=1"):
        require_problem(occurrences(api, task["id"], query), 400, "validation_error")
    for missing in (occurrences(api.of(2), task["id"]), occurrences(api, task["id"] + 2)):
        require_problem(missing, 404, "task_not_found")
    api.delete(task["id"])
    require_problem(occurrences(api, task["id"]), 404, "task_not_found")


@pytest.mark.requirement("FR-70", "NFR-58")
def test_a_rule_that_never_occurs_is_refused_and_named(api: Api) -> None:
    task = api.made()
    tuesday = {"repeat": "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "due_date": "2026-12-01"}
    for content in (
        {"repeat": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
        {"repeat": "FREQ=DAILY;INTERVAL=1000000000"},
        {"repeat": "FREQ=DAILY;" + "BYMONTH=1," * 1000},
        {"repeat": "FREQ=HOURLY"},
        {"repeat": 1},
        tuesday,
    ):
        create = {"op": "create", "task": {"title": "x", **content}}
        update = {"op": "update", "id": task["id"], "changes": content}
        for answer, place in (
            (api.create(title="x", **content), "body.repeat"),
            (api.patch(task["id"], **content), "body.repeat"),
            (api.replace(task["id"], title="x", **content), "body.repeat"),
            (api.batch(create), "body.operations.0.task.repeat"),
            (api.batch(create, update), "body.operations.1.changes.repeat"),
        ):
            problem = require_problem(answer, 400, "validation_error")
            assert place in {error["loc"].replace(".create", "").replace(".update", "")
                             for error in problem["errors"]}  # fmt: skip
    for zone in ("Mars", "", 1, "europe/berlin"):
        problem = require_problem(api.create(title="x", repeat_zone=zone), 400, "validation_error")
        assert problem["errors"][0]["loc"] == "body.repeat_zone"
    require_problem(api.create(title="x", repeat_from="start"), 400, "validation_error")
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-75")
def test_an_old_client_that_sends_back_what_it_read_loses_nothing(api: Api) -> None:
    """It knows none of the fields that came after 1.0.0, so it leaves them out."""
    repeating = {"repeat": "FREQ=WEEKLY", "repeat_from": "completion", "repeat_zone": "Asia/Tokyo"}
    task = api.made(**repeating, due_date="2026-11-30")
    known = {name: value for name, value in task.items() if not name.startswith("repeat")}
    known.pop("parent_id")
    assert api.replace(task["id"], **known).json() == task
    changed = api.replace(task["id"], title="changed").json()
    assert changed.items() >= {**repeating, "title": "changed", "due_date": None}.items()
    cleared = api.replace(task["id"], title="x", repeat=None, repeat_from="due", repeat_zone=None)
    assert cleared.json()["repeat"] is cleared.json()["repeat_zone"] is None
    assert cleared.json()["repeat_from"] == "due"
    reset = api.patch(task["id"], repeat="FREQ=DAILY", repeat_from=None, repeat_zone=None).json()
    assert (reset["repeat"], reset["repeat_from"]) == ("FREQ=DAILY", "due")
