"""All numbers of a list in one answer, and nothing to read while none of them has changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from backend.queries import filters
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem
from backend.tests.support.tags import revision_of

pytestmark = pytest.mark.requirement("FR-43")

EMPTY = {
    **dict.fromkeys(("open", "completed", "overdue", "due_today", "trash"), 0),
    "by_priority": dict.fromkeys(("none", "low", "medium", "high"), 0),
    "by_tag": [],
    "revision": 0,
}
NOON = "2026-11-21T12:00:00+00:00"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the clock by which something is late, and today."""

    def stand_at(moment: str) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.fromisoformat(moment).astimezone(tz)

        monkeypatch.setattr(filters, "datetime", Clock)

    stand_at(NOON)
    return stand_at


def read(api: Api, **parameters: object) -> Any:
    answer = api.summary(**parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_an_owner_without_tasks_has_only_zeros(api: Api) -> None:
    assert read(api) == EMPTY


def test_each_number_counts_what_its_list_finds(api: Api, at: Callable[[str], None]) -> None:
    for content in (
        {"priority": "high", "tags": ["home", "work"], "due_date": "2026-11-20"},
        {"priority": "low", "tags": ["home"], "due_date": "2026-11-21"},
        {"due_at": "2026-11-21T11:59:59Z"},
        {"due_at": "2026-11-21T12:00:00Z", "tags": ['a"b']},
        {"due_at": "2026-11-22T00:00:00Z"},
        {"completed": True, "priority": "high", "tags": ["done"], "due_date": "2026-11-01"},
    ):
        api.made(**content)
    api.delete(api.made(tags=["trash"], due_date="2026-11-01")["id"])
    api.of(2).made(tags=["theirs"], due_date="2026-11-21")
    summary = read(api)
    assert summary == {
        "open": 5,
        "completed": 1,
        "overdue": 2,
        "due_today": 3,
        "trash": 1,
        "by_priority": {"none": 3, "low": 1, "medium": 0, "high": 1},
        "by_tag": [
            {"tag": "home", "open": 2},
            {"tag": 'a"b', "open": 1},
            {"tag": "work", "open": 1},
            {"tag": "done", "open": 0},
        ],
        "revision": revision_of(api.list().headers["etag"]),
    }
    counts = {
        "open": "completed=false",
        "completed": "completed=true",
        "overdue": "overdue=true",
        "due_today": "completed=false&due_from=2026-11-21&due_to=2026-11-21",
        "trash": "deleted=true",
    }
    for name, query in counts.items():
        assert api.list(f"{query}&count=true").headers["x-total-count"] == str(summary[name])


def test_the_zone_says_what_is_today(api: Api, at: Callable[[str], None]) -> None:
    for content in ({"due_date": "2026-11-22"}, {"due_at": "2026-11-21T23:30:00Z"}):
        api.made(**content)
    assert read(api)["due_today"] == 1
    assert read(api, time_zone="Pacific/Kiritimati")["due_today"] == 2
    assert read(api, time_zone="Europe/Berlin")["due_today"] == 0
    at("2026-11-21T23:30:00.000001+00:00")
    assert (read(api)["overdue"], read(api)["due_today"]) == (1, 1)
    berlin = read(api, time_zone="Europe/Berlin")
    assert (berlin["overdue"], berlin["due_today"]) == (1, 2)


def test_nothing_is_sent_again_while_no_number_can_have_changed(
    api: Api, at: Callable[[str], None]
) -> None:
    api.made(due_at="2026-11-21T15:00:00Z")
    api.made(due_at="2026-11-23T15:00:00Z")
    first = api.summary()
    known = {"If-None-Match": first.headers["etag"]}
    for moment in (NOON, "2026-11-21T14:00:00+00:00", "2026-11-21T15:00:00+00:00"):
        at(moment)
        again = api.summary(known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    at("2026-11-21T15:00:00.000001+00:00")
    late = api.summary(known)
    assert (late.status_code, late.json()["overdue"]) == (200, 1)
    known = {"If-None-Match": late.headers["etag"]}
    at("2026-11-21T23:59:59.999999+00:00")
    assert api.summary(known).status_code == 304
    at("2026-11-22T00:00:00+00:00")
    tomorrow = api.summary(known)
    assert (tomorrow.status_code, tomorrow.json()["due_today"]) == (200, 0)
    assert len({answer.headers["etag"] for answer in (first, late, tomorrow)}) == 3


def test_a_write_changes_the_tag(api: Api, at: Callable[[str], None]) -> None:
    task = api.made()
    known = {"If-None-Match": api.summary().headers["etag"]}
    api.patch(task["id"], title=task["title"])
    assert api.summary(known).status_code == 304
    api.toggle(task["id"])
    changed = api.summary(known)
    assert (changed.status_code, changed.json()["completed"]) == (200, 1)


@pytest.mark.parametrize("form", ["W/{}", "{}, {}", '"x", {}', "*"])
def test_the_tag_is_known_in_any_list_and_spelling(api: Api, form: str) -> None:
    api.made()
    tag = api.summary().headers["etag"]
    assert api.summary({"If-None-Match": form.replace("{}", tag)}).status_code == 304
    proxied = f'{tag[:-1]}-gzip"'
    assert api.summary({"If-None-Match": proxied}).status_code == 304


def test_the_tag_of_the_list_is_none_of_a_summary(api: Api) -> None:
    revision = api.made()["revision"]
    for tag in (f'"{revision}"', f'"{revision}-1"', f'"{revision}-x"'):
        assert api.summary({"If-None-Match": tag}).status_code == 200
    timed = api.summary().headers["etag"]
    assert api.list("", {"If-None-Match": timed}).status_code == 200


@pytest.mark.parametrize("query", ["time_zone=", "time_zone=Mars", "completed=true", "x=1"])
def test_a_malformed_question_is_refused(api: Api, query: str) -> None:
    answer = api.client.get(api.surface.under(1, "summary", query))
    require_problem(answer, 400, "validation_error")
    assert api.statements == []


def test_it_is_read_without_a_body_and_by_head_too(api: Api) -> None:
    api.made()
    get = api.summary()
    head = api.client.head(api.surface.under(1, "summary"))
    assert (head.status_code, head.headers["etag"]) == (200, get.headers["etag"])
