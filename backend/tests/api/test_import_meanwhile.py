"""What others do while a file is compared with what is here."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.services.transfer import importing
from backend.tests.api.test_import_ties import aged, lost, ties, uids
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem

pytestmark = pytest.mark.requirement("FR-76", "NFR-60")


@pytest.mark.parametrize("change", ["trash", "nest", "repeat", "fill"])
def test_what_happens_meanwhile_is_seen(
    api: Api, below: Connection, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A parent goes to the trash, or under another one; a task is repeated, or gets a part."""
    rule = {"repeat": "FREQ=DAILY", "due_date": "2026-12-01"}
    top, task = api.made(title="top")["id"], api.made(title="task", **rule)["id"]
    uid = uids(api)[1]
    changes: dict[str, Callable[[], Any]] = {
        "trash": lambda: api.delete(task),
        "nest": lambda: api.patch(task, parent_id=top),
        "repeat": lambda: api.complete(task),
        "fill": lambda: api.made(title="part", parent_id=task),
    }
    new = {"title": "new", "parent_uid": uid, "repeat_of_uid": uid if change == "repeat" else None}
    now = datetime.now(UTC).isoformat()
    moved = {"title": "task", "uid": uid, "parent_uid": uids(api)[0], "updated_at": now}
    file = json.dumps(moved if change == "fill" else new)
    aged(below)
    plain, times = importing.ImportService._here, list[int]()

    def late(self: importing.ImportService, contents: Any) -> Any:
        here = plain(self, contents)
        times.append(1)
        if len(times) == 1:
            answers.append(changes[change]())
        return here

    answers: list[Any] = []
    monkeypatch.setattr(importing.ImportService, "_here", late)
    report = api.brought("json", file)
    assert len(times) == 2
    expected = {"trash": "parent", "nest": "nested", "repeat": "series", "fill": "parent"}
    assert lost(report).keys() == {expected[change]}
    parent = {"trash": None, "nest": "top", "repeat": "task", "fill": None}[change]
    assert ties(api)["task" if change == "fill" else "new"] == (parent, None)


def test_who_is_overtaken_each_time_is_told_to_come_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing.ImportService, "_is_written", lambda self, plan: False)
    require_problem(api.bring("todotxt", "a"), 503, "overloaded")
    assert api.list().json() == []
