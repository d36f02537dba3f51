"""Forged, truncated and foreign cursors: refused before any SQL."""

import re
from urllib.parse import unquote

import pytest

from backend.queries import cursor as cursors
from backend.queries.filters import Filters
from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY

NO_FILTERS = Filters({}, "UTC")

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


def forged(sort: str, position: bytes) -> str:
    """A cursor of the first owner with a right checksum, whatever is in it."""
    check = cursors._check(f"1\n{NO_FILTERS.identity}\n{sort}", position)
    return cursors._text(check + position)


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
@pytest.mark.parametrize("sort", POSITIONS)
def test_a_forged_position_is_refused(client: RecordingClient, sort: str) -> None:
    for number, position in enumerate(POSITIONS[sort]):
        surface = (PRIMARY, FLAT)[number % 2]
        url = surface.tasks(1, f"sort={sort}&cursor={forged(sort, position.encode())}")
        require_problem(client.get(url), 400, "invalid_cursor", *({position[:99]} - {"", "1"}))
        assert client.recorder.statements == [], position


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
def test_a_position_of_the_right_types_is_taken(client: RecordingClient) -> None:
    """So the forgeries above are refused for what is in them, not for their checksum."""
    tasks = [Api(client, PRIMARY).made(order=number) for number in range(3)]
    for sort, position in (("order", b"[0, 0]"), ("created_at", f"[{NOW}, 1]".encode())):
        url = PRIMARY.tasks(1, f"sort={sort}&cursor={forged(sort, position)}")
        assert client.get(url).json() == tasks


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
@pytest.mark.parametrize("key", ["created_at", "-updated_at", "due"])
@pytest.mark.parametrize("offset", ["+23:59", "-23:59", "+16:00", "+15:59:59", "+00:00:00.000001"])
def test_a_forged_instant_of_any_offset_is_no_fault(
    client: RecordingClient, key: str, offset: str
) -> None:
    for day in ("2026-01-01", "0001-01-01", "9999-12-31"):
        position = f'["{day}T12:00:00{offset}", 1]'.encode()
        response = client.get(PRIMARY.tasks(1, f"sort={key}&cursor={forged(key, position)}"))
        if response.status_code != 200:
            require_problem(response, 400, "invalid_cursor", day)


def next_cursor(api: Api, owner: int = 1) -> str:
    """A good cursor: there must be two tasks."""
    link = api.of(owner).list("limit=1").headers["link"]
    found = re.search(r"cursor=([^>&]+)", link)
    assert found
    return unquote(found[1])


def refusal(client: RecordingClient, url: str, *, code: str = "validation_error") -> list[str]:
    """The places that a refused GET names; it must not have reached the database."""
    problem = require_problem(client.get(url), 400, code)
    assert client.recorder.statements == []
    return [error["loc"] for error in problem.get("errors", [])]


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
@pytest.mark.parametrize("cursor", ["", MARK, "AAAA", "%F0%9F%92%A9", "A" * 512, "null", "W10"])
def test_garbage_is_no_cursor(api: Api, cursor: str) -> None:
    assert refusal(api.client, api.tasks(f"cursor={cursor}"), code="invalid_cursor") == []


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
def test_a_huge_cursor_is_refused(api: Api) -> None:
    assert refusal(api.client, api.tasks(f"cursor={MARK * 900}")) == ["query.cursor"]


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
def test_a_truncated_or_longer_cursor_is_refused(client: RecordingClient) -> None:
    tasks = [Api(client, PRIMARY).made() for _ in range(2)]
    cursor = next_cursor(Api(client, PRIMARY))
    for end in range(0, len(cursor), 2):
        refusal(client, PRIMARY.tasks(1, f"cursor={cursor[:end]}"), code="invalid_cursor")
    for more in ("A", "AAAA", "%0a", "%00", "%20", "=", "===="):
        refusal(client, PRIMARY.tasks(1, f"cursor={cursor}{more}"), code="invalid_cursor")
    assert client.get(PRIMARY.tasks(1, f"cursor={cursor}")).json() == tasks[1:]


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(12)
def test_a_cursor_with_one_bit_flipped_is_refused(client: RecordingClient) -> None:
    for _ in range(2):
        Api(client, PRIMARY).made()
    cursor = next_cursor(Api(client, PRIMARY))
    flips = [(place, bit) for bit in (0, 3) for place in range(len(cursor))]
    flips += [(len(cursor) - 1, bit) for bit in (1, 2, 4, 5)]
    for place, bit in flips:
        other = ord(cursor[place]) ^ 1 << bit
        flipped = f"{cursor[:place]}%{other:02x}{cursor[place + 1 :]}"
        refusal(client, PRIMARY.tasks(1, f"cursor={flipped}"), code="invalid_cursor")


@pytest.mark.requirement("FR-16", "FR-10")
@pytest.mark.threat(12)
def test_another_owners_cursor_is_refused(api: Api) -> None:
    for owner in (1, 1, 2, 2):
        api.of(owner).create(title="kept")
    for cursor in (next_cursor(api, 2), next_cursor(api, 2)[:-4]):
        refusal(api.client, api.tasks(f"cursor={cursor}"), code="invalid_cursor")
        refusal(api.client, api.of(11).tasks(f"cursor={cursor}"), code="invalid_cursor")
