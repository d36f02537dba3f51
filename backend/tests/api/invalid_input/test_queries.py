"""Hostile filters, conditions, keys and forged cursors: refused before any SQL (lines 1, 8, 12)."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Headers

from backend.queries import cursor
from backend.queries.filters import Filters
from backend.tests.support.contents import create
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface

NO_FILTERS = Filters({}, "UTC")
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
NO_TAGS = [
    *("5", '"5', '5"', "W/5", 'w/"5"', 'W/ "5"', "", " ", ",", '"5" "6"', '"5",6', '*, "5"', "**"),
    *('"5", *', '"5""', '"a b"', "'5'", '"5"\x01', '"5";', MARK, f'"{MARK}', "\xff", '"\x7f"'),
]
UNKNOWN = ['"abc"', f'"{MARK}"', '""', '"99999999999999999999"', '"-1"', '"01"', '"1.0"', '"\xff"']
NO_KEYS = [
    "",
    "\t",
    "x" * 256,
    MARK * 40,
    "schlüssel",
    "\xff",
    "a\x01",
    "a\tb",
    "\x7f",
    f"{MARK}\0",
]
NOW = '"2026-01-01T00:00:00+00:00"'
POSITIONS = {
    "created_at": [
        *("[]", "[1]", "null", "{}", "", "[1", "1", '"x"', "\ufeff[]", "[" * 2900, "[[], []]"),
        *(f"[{value}, 1]" for value in ('"2026-01-01T00:00:00"', '"2026-01-01"', '"infinity"')),
        *(f"[{value}, 1]" for value in (1, "null", "NaN", '""', f"[{NOW}]", '{"a": 1}', "true")),
        *(
            f"[{value}, 1]"
            for value in (f'{NOW[:-1]}\\u0000"', '"2026-01-01\\ud80000:00:00+00:00"')
        ),
        *(f"[{NOW}, {number}]" for number in (2**63, -(2**63) - 1, "1.0", "1e400", "9" * 2500)),
        *(f"[{NOW}, {value}]" for value in ("NaN", "true", "null", '"1"', "[1]")),
        *(f"[{NOW}]", f"[{NOW}, 1, 1]", f"[{NOW}, {NOW}]"),
    ],
    "due": ['["infinity", 1]', '["2026-11-21", 1]', "[5, 1]", "[false, 1]"],
    "priority": ['["urgent", 1]', "[0, 1]", "[null, 1]", '[["none"], 1]', '[{"none": 1}, 1]'],
    "order": ['["1", 1]', "[1.0, 1]", "[NaN, 1]", "[Infinity, 1]", f"[{2**63}, 1]", "[true, 1]"],
    "-order": [f"[{-(2**63) - 1}, 1]", "[-Infinity, 1]", "[[1], 1]", '["Infinity", 1]'],
    "title": ["[1, 1]", "[null, 1]", '["a\\u0000", 1]', '["\\ud800", 1]', '[["a"], 1]'],
    "completed": ["[1, 1]", '["true", 1]', "[null, 1]", "[0, 1]"],
    "due,-title": ["[null, 1]", '[null, "a"]', "[null, null, 1]", '["a", null, 1]'],
}


def places(client: RecordingClient, response: Any) -> list[str]:
    """What a refusal names; it must not have reached the database."""
    assert client.recorder.statements == []
    problem = require_problem(response, 400, "validation_error")
    return [error["loc"] for error in problem["errors"]]


def forged(sort: str, position: bytes) -> str:
    """A cursor of the first owner with a right checksum, whatever is in it."""
    check = cursor._check(f"1\n{NO_FILTERS.identity}\n{sort}", position)
    return cursor._text(check + position)


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.parametrize("name", HOSTILE)
def test_8_a_filter_has_one_spelling(client: RecordingClient, name: str) -> None:
    for number, value in enumerate(HOSTILE[name]):
        surface = (PRIMARY, FLAT)[number % 2]
        response = client.get(surface.tasks(1, f"{name}={value}"))
        assert places(client, response)[0].startswith(f"query.{name}"), value


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.parametrize("name", SINGLE)
def test_8_a_parameter_that_is_single_is_not_repeated(
    client: RecordingClient, surface: Surface, name: str
) -> None:
    for twice in (f"{name}=true&{name}=true", f"{name}={MARK}&{name}=", f"{name}&{name}"):
        named = places(client, client.get(surface.tasks(1, twice)))
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
def test_8_a_bulk_trash_that_is_not_understood_trashes_nothing(
    client: RecordingClient, surface: Surface, query: str
) -> None:
    task = create(client, surface)
    assert len(places(client, client.delete(surface.tasks(1, query)))) == 1
    assert client.get(surface.tasks(1)).json() == [task]


@pytest.mark.requirement("FR-16")
def test_more_tags_than_a_task_can_have_match_none(
    client: RecordingClient, surface: Surface
) -> None:
    task = create(client, surface, tags=[f"t{number}" for number in range(20)])
    every = "&".join(f"tag=t{number}" for number in range(20))
    assert client.get(surface.tasks(1, every)).json() == [task]
    assert client.get(surface.tasks(1, f"{every}&tag=t20")).json() == []


def conditional(
    client: RecordingClient, surface: Surface, task: dict[str, Any], tag: str
) -> tuple[Iterator[Any], Iterator[Any]]:
    """The answers to reads unless, and to writes if, the task has this tag; one at a time."""
    if_none_match = Headers({b"If-None-Match": tag.encode("latin-1")})
    if_match = Headers({b"If-Match": tag.encode("latin-1")})
    urls = surface.tasks(1), surface.task(1, task["id"])
    verbs = surface.verbs(1, task["id"])
    writes = [verbs[verb] for verb in ("replace", "patch", "toggle", "complete", "delete")]
    return (
        (client.get(url, headers=if_none_match) for url in urls),
        (client.request(**vars(request), headers=if_match) for request in writes),
    )


@pytest.mark.requirement("FR-17", "FR-12")
@pytest.mark.parametrize("tag", NO_TAGS, ids=ascii)
def test_what_is_no_entity_tag_is_refused(client: RecordingClient, tag: str) -> None:
    task = create(client, PRIMARY)
    reads, writes = conditional(client, PRIMARY, task, tag)
    assert [places(client, response) for response in reads] == [["header.If-None-Match"]] * 2
    assert [places(client, response) for response in writes] == [["header.If-Match"]] * 5
    assert client.get(PRIMARY.tasks(1)).json() == [task]


@pytest.mark.requirement("FR-17")
@pytest.mark.parametrize("tag", UNKNOWN, ids=ascii)
def test_an_entity_tag_that_no_task_ever_had_does_not_match(
    client: RecordingClient, surface: Surface, tag: str
) -> None:
    task = create(client, surface)
    reads, writes = conditional(client, surface, task, tag)
    assert [response.status_code for response in reads] == [200, 200]
    for response in writes:
        require_problem(response, 412, "precondition_failed")
    assert client.get(surface.tasks(1)).json() == [task]


@pytest.mark.requirement("FR-18", "FR-12")
@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: f"{key[:9]!a} {len(key)}")
def test_what_is_no_idempotency_key_creates_nothing(
    client: RecordingClient, surface: Surface, key: str
) -> None:
    headers = Headers({b"Idempotency-Key": key.encode()})
    response = client.request(**vars(surface.create(1, title="x")), headers=headers)
    assert places(client, response) == ["header.Idempotency-Key"]
    assert client.get(surface.tasks(1)).json() == []


@pytest.mark.requirement("FR-18")
@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "\"\\%_{}'; --", "~!"])
def test_any_printable_key_creates_once(
    client: RecordingClient, surface: Surface, key: str
) -> None:
    request = vars(surface.create(1, title="x"))
    first, again = (client.request(**request, headers={"Idempotency-Key": key}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert client.get(surface.tasks(1)).json() == [first.json()] == [again.json()]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("sort", POSITIONS)
def test_12_a_forged_position_is_refused(client: RecordingClient, sort: str) -> None:
    for number, position in enumerate(POSITIONS[sort]):
        surface = (PRIMARY, FLAT)[number % 2]
        url = surface.tasks(1, f"sort={sort}&cursor={forged(sort, position.encode())}")
        require_problem(client.get(url), 400, "invalid_cursor", *({position[:99]} - {"", "1"}))
        assert client.recorder.statements == [], position


@pytest.mark.requirement("FR-16")
def test_12_a_position_of_the_right_types_is_taken(client: RecordingClient) -> None:
    """So the forgeries above are refused for what is in them, not for their checksum."""
    tasks = [create(client, PRIMARY, order=number) for number in range(3)]
    for sort, position in (("order", b"[0, 0]"), ("created_at", f"[{NOW}, 1]".encode())):
        url = PRIMARY.tasks(1, f"sort={sort}&cursor={forged(sort, position)}")
        assert client.get(url).json() == tasks


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("key", ["created_at", "-updated_at", "due"])
@pytest.mark.parametrize("offset", ["+23:59", "-23:59", "+16:00", "+15:59:59", "+00:00:00.000001"])
def test_12_a_forged_instant_of_any_offset_is_no_fault(
    client: RecordingClient, key: str, offset: str
) -> None:
    for day in ("2026-01-01", "0001-01-01", "9999-12-31"):
        position = f'["{day}T12:00:00{offset}", 1]'.encode()
        response = client.get(PRIMARY.tasks(1, f"sort={key}&cursor={forged(key, position)}"))
        if response.status_code != 200:
            require_problem(response, 400, "invalid_cursor", day)
