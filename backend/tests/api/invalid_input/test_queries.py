"""Hostile filters and repeated parameters: refused before any SQL."""

from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY

FLAGS = ["", *f"1 0 TRUE True yes on null %20true true%00 tru%65%20 {MARK}".split()]
DAYS = [
    *(
        "",
        "today",
        "2026-02-30",
        "20261121",
        "2026-1-1",
        "0000-01-01",
        "10000-01-01",
        "-2026-11-21",
    ),
    *("2026-11-21T00:00:00Z", "2026-W48-2", "2026-11-21%00", "%202026-11-21", "1795219200", MARK),
    *("2026-13-01", "2026-00-10", "2023-02-29", "٢026-11-21"),
]
MOMENTS = [
    *("", "now", "infinity", "2026-11-21", "2026-11-21T07:45:00", "2026-11-21 07:45:00Z", MARK),
    *("0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-00:01", "2026-11-21T24:00:01Z"),
    *("2026-11-21T07:45:00+01:00", "2026-11-21T07:45:00%2B24:00", "2026-02-30T00:00:00Z"),
    *("2026-11-21T07:45:60Z", "2026-11-21T07:45:00Z%00", "0000-01-01T00:00:00Z", "1795219200"),
]
ZONES = [
    *(
        "",
        "%20",
        "%00",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/berlin",
        "Europe/Berlin%00",
        MARK,
    ),
    *("Europe", "Europe/", "UTC%2B1", "%2B01:00", "Mars/Olympus", "utc'--", "%ff", "a" * 5000),
    *("posixrules", "tzdata.zi", "Europe/../UTC", "./UTC", "C:%5CWindows"),
]
HOSTILE = {
    **dict.fromkeys(["completed", "count", "deleted"], FLAGS),
    "priority": ["", *f"urgent HIGH 0 high%00 high,low none%20 {MARK}".split()],
    "tag": ["", "x" * 51, "a%00", MARK * 7],
    **dict.fromkeys(["due_from", "due_to"], DAYS),
    "updated_since": MOMENTS,
    "time_zone": ZONES,
}
SINGLE = sorted(HOSTILE.keys() - {"priority", "tag"} | {"q", "sort", "limit", "cursor"})


def places(client: RecordingClient, response: Any) -> list[str]:
    """What a refusal names; it must not have reached the database."""
    assert client.recorder.statements == []
    problem = require_problem(response, 400, "validation_error")
    return [error["loc"] for error in problem["errors"]]


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.threat(8)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_filter_has_one_spelling(client: RecordingClient, name: str) -> None:
    for number, value in enumerate(HOSTILE[name]):
        surface = (PRIMARY, FLAT)[number % 2]
        response = client.get(surface.tasks(1, f"{name}={value}"))
        assert places(client, response)[0].startswith(f"query.{name}"), value


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.threat(8)
@pytest.mark.parametrize("name", SINGLE)
def test_a_parameter_that_is_single_is_not_repeated(api: Api, name: str) -> None:
    for twice in (f"{name}=true&{name}=true", f"{name}={MARK}&{name}=", f"{name}&{name}"):
        named = places(api.client, api.list(twice))
        assert named == [f"query.{name}"]


@pytest.mark.requirement("FR-19", "FR-12")
@pytest.mark.parametrize(
    "query",
    [
        *("deleted=true", "deleted=false", "limit=1", "sort=due", "cursor=x", "count=true"),
        *("foo=1", MARK, "Completed=true", "completed=true&foo=1", "completed=1", "tag=", "tag"),
        *("priority=urgent", "q=%00", "due_to=2026-02-30", "time_zone=x", "completed=", "due_to="),
    ],
)
@pytest.mark.threat(8)
def test_a_bulk_trash_that_is_not_understood_trashes_nothing(api: Api, query: str) -> None:
    task = api.made()
    assert len(places(api.client, api.delete_all(query))) == 1
    assert api.list().json() == [task]


@pytest.mark.requirement("FR-16")
def test_more_tags_than_a_task_can_have_match_none(api: Api) -> None:
    task = api.made(tags=[f"t{number}" for number in range(20)])
    every = "&".join(f"tag=t{number}" for number in range(20))
    assert api.list(every).json() == [task]
    assert api.list(f"{every}&tag=t20").json() == []


@pytest.mark.requirement("FR-12", "FR-16")
@pytest.mark.parametrize("query", ["q=%ff", "q=caf%C3", "tag=%ED%A0%80", "q=%C0%80"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_query_that_is_no_utf_8_is_refused_and_finds_no_replacement_character(
    api: Api, method: str, query: str
) -> None:
    task = api.surface.create(1, title="x \ufffd y", tags=["\ufffd"])
    assert api.send(task).status_code == 201
    response = api.client.request(method, api.tasks(query))
    require_problem(response, 400, "validation_error")
    assert len(api.list().json()) == 1


@pytest.mark.requirement("FR-12", "NFR-29")
@pytest.mark.threat(8, 74)
@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("tag[]=a&tag[]=b", "write `tag` in lower case and without brackets, once for each value"),
        ("priority%5B0%5D=low", "write `priority` in lower case and without brackets, once for"),
        ("Limit=5", "write `limit` in lower case and without brackets"),
        ("due_to[]=2026-11-21", "write `due_to` in lower case and without brackets"),
        ("_=1795219200", "remove the cache-buster `_`"),
    ],
)
def test_a_parameter_that_is_nearly_right_is_told_how_to_be(
    api: Api, query: str, hint: str
) -> None:
    problem = require_problem(api.list(query), 400, "validation_error")
    [error] = problem["errors"]
    assert error["message"].startswith("takes only: ")
    assert f"; {hint}" in error["message"]
    assert error["code"] == "unknown_parameter"


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(8)
def test_a_hint_repeats_no_name_that_the_client_made_up(api: Api) -> None:
    problem = require_problem(api.list(f"{MARK}[]=1&[]=2&x[tag]=3"), 400, "validation_error")
    [error] = problem["errors"]
    assert ";" not in error["message"]
