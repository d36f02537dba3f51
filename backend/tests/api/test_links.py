"""Every address that the service gives can be asked (threat 70)."""

import re
from typing import Any

import pytest

from backend.api.responses import MAX_CURSOR
from backend.errors import UriTooLong
from backend.queries import cursor
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

pytestmark = [pytest.mark.requirement("FR-16", "NFR-29"), pytest.mark.threat(70)]

ROOM = UriTooLong.limit - MAX_CURSOR
LONGEST = "\x01" * 199 + "x"
"""A title: JSON writes each of its control characters as six."""


def next_page(response: Any) -> str:
    [link] = re.findall("<http://testserver(.*)>; rel", response.headers["link"])
    return str(link)


@pytest.mark.parametrize("filler", ["priority=none&", "priority=n%6Fne&", "%70riority=none&"])
def test_a_list_of_any_length_that_is_taken_leads_to_its_last_page(
    client: RecordingClient, surface: Surface, filler: str
) -> None:
    made = [Api(client, surface).made(title=title) for title in (LONGEST, f"{LONGEST[1:]}y")]
    query = "sort=title,due,priority,order,updated_at,created_at,completed&limit=1"
    url = surface.tasks(1, query)
    url += "&" + filler * ((ROOM - len(url) - 20) // len(filler))
    first = client.get(url)
    assert first.status_code == 200, first.text
    second = client.get(next_page(first))
    assert [*first.json(), *second.json()] == made
    assert "link" not in second.headers


def test_a_longer_one_is_refused_before_anything_is_read(
    client: RecordingClient, surface: Surface
) -> None:
    Api(client, surface).made()
    client.recorder.clear()
    url = surface.tasks(1, "priority=none&" * 450)
    problem = require_problem(client.get(url), 414, "uri_too_long")
    assert str(ROOM) in problem["detail"]
    assert client.recorder.statements == []
    assert client.get(surface.tasks(1, "q=" + "%C3%A4" * 200)).status_code == 200


def test_what_no_address_may_contain_is_encoded_in_the_link(
    client: RecordingClient, surface: Surface
) -> None:
    for _ in range(2):
        Api(client, surface).made(title='a>b<"c{|}^`d')
    for q in ('a>b<"c{|}^`d', "a%3Eb"):
        response = client.get(surface.tasks(1, f"limit=1&q={q}"))
        link = next_page(response)
        assert not set('<>"{}|^` ') & set(link)
        assert len(client.get(link).json()) == 1


@pytest.mark.parametrize("name", ["cursor", "%63ursor", "curso%72"])
def test_the_cursor_of_this_page_is_not_in_the_link_to_the_next(
    client: RecordingClient, surface: Surface, name: str
) -> None:
    made = [Api(client, surface).made() for _ in range(3)]
    link = next_page(client.get(surface.tasks(1, "limit=1")))
    link = link.replace("cursor=", f"{name}=")
    response = client.get(link)
    assert response.json() == [made[1]]
    assert client.get(next_page(response)).json() == [made[2]]


def test_no_cursor_is_longer_than_is_reckoned() -> None:
    time = "2026-11-21T07:45:33.258970Z"
    longest = ["\x01" * 200, time, time, time, -(2**63), "medium", True, 2**63 - 1]
    assert len(cursor.encode("any", longest)) < MAX_CURSOR
