"""Conditions are met, or refused: none is overlooked (RFC 9110, 13). Tags may have met a proxy."""

from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.below import rows
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Request, Surface
from backend.tests.support.tags import revision_of, tag_of

pytestmark = pytest.mark.requirement("FR-17", "NFR-29")

WRITES = ("replace", "patch", "toggle", "complete", "delete", "restore")
REWRITTEN = (
    *('W/"{0}-1"', '"{0}-1-gzip"', '"{0}-1;gzip"', '"{0}-1-br"', '"{0}-1-zstd"'),
    *('W/"{0}-1-gzip"', '"{0}-1--gzip"', '"{0}-1-deflate"', '"{0}-1-gzip-br"', '"x", W/"{0}-1;br"'),
)
OTHERS = (
    *('"{0}-gzip2"', '"{0}gzip"', '"{0}-"', '"gzip"', '"0{0}-gzip"', '"{0}-01"', '"{0}-0"'),
    *('"{0}-1-2"', '"{0}-1000"'),
)
LOOKS = ('"{0}"', '"{0}-2"', '"{0}-gzip"', 'W/"{0}"', '"{0}-2-gzip"')
ANY_DATE = "Wed, 25 Nov 2026 12:00:00 GMT"


def requests(surface: Surface, task: dict[str, Any]) -> dict[str, Request]:
    """Every request that writes, and none of another owner."""
    return {
        **{verb: surface.verbs(1, task["id"])[verb] for verb in WRITES},
        "create": surface.create(1, title="x"),
        "trash all": Request("DELETE", surface.tasks(1)),
    }


@pytest.mark.threat(45)
@pytest.mark.parametrize("tag", REWRITTEN)
def test_a_tag_that_a_proxy_changed_names_the_same_revision(
    client: RecordingClient, surface: Surface, tag: str
) -> None:
    task = Api(client, surface).made()
    known = {"If-None-Match": tag.format(task["revision"])}
    for url in (surface.task(1, task["id"]), surface.tasks(1)):
        assert client.get(url, headers=known).status_code == 304
        assert client.get(url, headers={"If-Match": known["If-None-Match"]}).status_code == 200
    for verb in WRITES:
        task = Api(client, surface).made()
        headers = {"If-Match": tag.format(task["revision"])}
        if verb == "restore":
            client.delete(surface.task(1, task["id"]))
            trashed = revision_of(client.get(surface.tasks(1)).headers["etag"])
            headers = {"If-Match": tag.format(trashed)}
        request = surface.verbs(1, task["id"])[verb]
        assert client.request(**vars(request), headers=headers).is_success, verb


@pytest.mark.threat(45)
@pytest.mark.parametrize("tag", OTHERS)
def test_a_tag_of_another_form_names_no_revision(
    client: RecordingClient, surface: Surface, tag: str
) -> None:
    task = Api(client, surface).made()
    sent = tag.format(task["revision"])
    url = surface.task(1, task["id"])
    assert client.get(url, headers={"If-None-Match": sent}).json() == task
    response = client.patch(url, json={"order": 1}, headers={"If-Match": sent})
    require_problem(response, 412, "precondition_failed")


@pytest.mark.requirement("FR-75")
@pytest.mark.parametrize("tag", LOOKS)
def test_a_tag_of_another_release_names_the_state_and_not_its_look(
    client: RecordingClient, surface: Surface, tag: str
) -> None:
    """1.0.0 had the revision alone: a poll is answered anew, a write is not refused."""
    task = Api(client, surface).made()
    sent = tag.format(task["revision"])
    for url, found in ((surface.task(1, task["id"]), task), (surface.tasks(1), [task])):
        answer = client.get(url, headers={"If-None-Match": sent})
        assert (answer.status_code, answer.json()) == (200, found)
        assert client.get(url, headers={"If-Match": sent}).status_code == 200
    for verb in WRITES[:-1]:
        task = Api(client, surface).made()
        request = surface.verbs(1, task["id"])[verb]
        headers = {"If-Match": tag.format(task["revision"])}
        assert client.request(**vars(request), headers=headers).is_success, verb


@pytest.mark.threat(68)
@pytest.mark.parametrize("header", ["If-None-Match", "If-Unmodified-Since"])
@pytest.mark.parametrize("verb", [*WRITES, "create", "trash all"])
def test_a_condition_that_a_write_does_not_know_is_refused(
    client: RecordingClient, surface: Surface, verb: str, header: str, below: Connection
) -> None:
    task = Api(client, surface).made()
    before = rows(below)
    for value in (ANY_DATE,) if header.endswith("Since") else ("*", '"1"', '"9999"', "none"):
        request = requests(surface, task)[verb]
        response = client.request(**vars(request), headers={header: value})
        problem = require_problem(response, 400, "validation_error")
        places = [(error["loc"], error["code"]) for error in problem["errors"]]
        assert places == [(f"header.{header}", "unsupported_condition")]
    assert rows(below) == before


@pytest.mark.threat(68)
@pytest.mark.parametrize("verb", ["create", "trash all"])
def test_if_match_on_what_names_no_task_is_refused(
    client: RecordingClient, surface: Surface, verb: str, below: Connection
) -> None:
    task = Api(client, surface).made()
    before = rows(below)
    for value in ("*", '"1"', '"9999"'):
        request = requests(surface, task)[verb]
        response = client.request(**vars(request), headers={"If-Match": value})
        problem = require_problem(response, 400, "validation_error")
        assert [error["code"] for error in problem["errors"]] == ["unsupported_condition"]
    assert rows(below) == before


@pytest.mark.threat(68)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("is_list", [False, True])
def test_if_match_on_a_read_comes_before_if_none_match(
    client: RecordingClient, surface: Surface, is_list: bool, method: str
) -> None:
    """RFC 9110, 13.2.2."""
    task = Api(client, surface).made()
    url = surface.tasks(1) if is_list else surface.task(1, task["id"])
    now, old = tag_of(task["revision"]), tag_of(0)
    for match, none_match, status in (
        (now, None, 200),
        ("*", None, 200),
        (old, None, 412),
        (now, now, 304),
        (now, old, 200),
        (old, now, 412),
        (old, old, 412),
        ("*", "*", 304),
    ):
        headers = {"If-Match": match} | ({"If-None-Match": none_match} if none_match else {})
        response = client.request(method, url, headers=headers)
        assert response.status_code == status, headers
        if status == 412 and method == "GET":
            require_problem(response, 412, "precondition_failed")


@pytest.mark.threat(68)
def test_if_match_on_a_task_that_is_not_there_is_its_404(
    client: RecordingClient, surface: Surface
) -> None:
    for value in ("*", '"1"'):
        response = client.get(surface.task(1, 1), headers={"If-Match": value})
        require_problem(response, 404, "task_not_found")


@pytest.mark.threat(68)
def test_dates_on_a_read_are_ignored_as_nothing_has_one(
    client: RecordingClient, surface: Surface
) -> None:
    """RFC 9110, 13.1.3 and 13.1.4: a resource without a modification date."""
    task = Api(client, surface).made()
    headers = {"If-Modified-Since": ANY_DATE, "If-Unmodified-Since": ANY_DATE, "If-Range": '"0"'}
    assert client.get(surface.task(1, task["id"]), headers=headers).json() == task
    assert client.get("/health/live", headers={"If-None-Match": '"1"'}).status_code == 200
