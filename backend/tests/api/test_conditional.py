"""Conditional requests (RFC 9110, 13): nothing is read twice, nothing newer is overwritten."""

from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.arena import Arena
from backend.tests.support.below import rows
from backend.tests.support.contents import create
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Request, Surface

pytestmark = pytest.mark.requirement("FR-17")

WRITES = ("replace", "patch", "toggle", "complete", "delete")
NO_TAGS = ("", "1", '"1', 'w/"1"', "W/1", '"1" "2"', '*, "1"', '"1 2"')
SAME_ID = {"X-Request-ID": "same"}


def etag(task: dict[str, Any]) -> str:
    return f'"{task["revision"]}"'


def require_unchanged(response: Any, tag: str) -> None:
    assert (response.status_code, response.content) == (304, b""), response.text
    assert response.headers["etag"] == tag


@pytest.mark.parametrize("verb", ["read", "head", *WRITES[:-1], "restore"])
def test_every_answer_with_a_task_has_its_revision_as_etag(
    client: RecordingClient, surface: Surface, verb: str
) -> None:
    _, task, _ = (create(client, surface) for _ in range(3))
    response = client.request(**vars(surface.verbs(1, task["id"])[verb]))
    now = client.get(surface.task(1, task["id"]))
    assert response.headers["etag"] == now.headers["etag"] == etag(now.json())


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("query", [None, "", "q=nothing&count=true"], ids=["task", "list", "empty"])
def test_who_has_the_tag_is_told_304(
    client: RecordingClient, surface: Surface, query: str | None, verb: str
) -> None:
    task = create(client, surface)
    url = surface.task(1, task["id"]) if query is None else surface.tasks(1, query)
    for tags in ("{0}", "W/{0}", "*", '"x", {0}', '{0},"9999"', 'W/"0" ,\tW/{0}', '"", "0,1",{0}'):
        known = {"If-None-Match": tags.format(etag(task))}
        require_unchanged(client.request(verb, url, headers=known), etag(task))


def test_who_has_another_tag_is_told_all(client: RecordingClient, surface: Surface) -> None:
    task = create(client, surface)
    for tags in ('"2"', 'W/"2"', '"01"', '"-1"', '"x"', '"0", "10"', '"W/1"'):
        known = {"If-None-Match": tags}
        assert client.get(surface.task(1, task["id"]), headers=known).json() == task
        assert client.get(surface.tasks(1), headers=known).json() == [task]


def test_tags_on_two_lines_are_one_list(client: RecordingClient, surface: Surface) -> None:
    """RFC 9110, 5.3: the lines of a list-based field are one list."""
    task = create(client, surface)
    url, tags = surface.task(1, task["id"]), ['"x"', etag(task)]
    require_unchanged(client.get(url, headers=[("If-None-Match", t) for t in tags]), etag(task))
    assert client.delete(url, headers=[("If-Match", t) for t in tags]).status_code == 204


def test_empty_elements_of_a_list_are_ignored(client: RecordingClient, surface: Surface) -> None:
    """RFC 9110, 5.6.1.2: a recipient must parse and ignore a reasonable number of them."""
    task = create(client, surface)
    known = {"If-None-Match": f',"x", ,{etag(task)},'}
    require_unchanged(client.get(surface.task(1, task["id"]), headers=known), etag(task))


def test_what_is_no_entity_tag_is_400(
    client: RecordingClient, surface: Surface, below: Connection
) -> None:
    task = create(client, surface)
    before = rows(below)
    verbs = surface.verbs(1, task["id"])
    for tags in NO_TAGS:
        for url in (surface.task(1, task["id"]), surface.tasks(1)):
            response = client.get(url, headers={"If-None-Match": tags})
            require_problem(response, 400, "validation_error")
        for verb in WRITES:
            response = client.request(**vars(verbs[verb]), headers={"If-Match": tags})
            problem = require_problem(response, 400, "validation_error")
            assert [error["loc"] for error in problem["errors"]] == ["header.If-Match"]
    assert rows(below) == before


def test_the_list_of_a_new_owner_has_the_tag_0(client: RecordingClient, surface: Surface) -> None:
    response = client.get(surface.tasks(1))
    assert (response.json(), response.headers["etag"]) == ([], '"0"')
    for tags in ('"0"', 'W/"0"', "*"):
        require_unchanged(client.get(surface.tasks(1), headers={"If-None-Match": tags}), '"0"')


@pytest.mark.parametrize("verb", [*WRITES, "restore", "create", "trash all"])
def test_any_change_of_the_owner_and_of_nobody_else_changes_the_tag_of_every_list(
    client: RecordingClient, surface: Surface, verb: str
) -> None:
    made = [client.request(**vars(surface.create(n, title="x"))).json() for n in (1, 2)]
    for owner, status, tag in ((2, 304, '"1"'), (1, 200, '"2"')):
        changes = surface.verbs(owner, made[owner - 1]["id"]) | {
            "create": surface.create(owner, title="y"),
            "trash all": Request("DELETE", surface.tasks(owner)),
        }
        assert client.request(**vars(changes[verb])).is_success
        for query in ("", "q=nothing", "deleted=true"):
            response = client.get(surface.tasks(1, query), headers={"If-None-Match": '"1"'})
            assert (response.status_code, response.headers["etag"]) == (status, tag)


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_that_knows_the_task_as_it_is_is_done(
    client: RecordingClient, surface: Surface, verb: str
) -> None:
    for tags in ("{0}", "*", '"9999", {0}', 'W/"1",{0} ,"x"'):
        task = create(client, surface)
        create(client, surface, title="a change of the list, not of the task")
        known = {"If-None-Match": client.get(surface.tasks(1)).headers["etag"]}
        request = surface.verbs(1, task["id"])[verb]
        response = client.request(**vars(request), headers={"If-Match": tags.format(etag(task))})
        assert response.status_code == (204 if verb == "delete" else 200)
        assert task not in client.get(surface.tasks(1), headers=known).json()


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_that_knows_the_task_otherwise_is_412_and_writes_nothing(
    client: RecordingClient, surface: Surface, verb: str, below: Connection
) -> None:
    task = create(client, surface)
    assert client.patch(surface.task(1, task["id"]), json={"order": 1}).json()["revision"] == 2
    before = rows(below)
    request = surface.verbs(1, task["id"])[verb]
    for tags in ('"1"', 'W/"1"', 'W/"3", "1"', '"3"', '"x"', '"02"', '"0"'):
        response = client.request(**vars(request), headers={"If-Match": tags})
        require_problem(response, 412, "precondition_failed")
        assert rows(below) == before


@pytest.mark.parametrize("verb", WRITES)
def test_a_condition_on_no_task_of_ones_own_is_the_404_of_a_missing_task(
    client: RecordingClient, surface: Surface, verb: str, below: Connection
) -> None:
    trashed = create(client, surface)
    client.delete(surface.task(1, trashed["id"]))
    foreign = client.request(**vars(surface.create(2, title="theirs"))).json()
    before = rows(below)
    missing = client.request(**vars(surface.verbs(1, 10**15)[verb]), headers=SAME_ID)
    require_problem(missing, 404, "task_not_found")
    for task_id, tags in product((trashed["id"], foreign["id"], 10**15), ('"1"', '"2"', "*")):
        request = surface.verbs(1, task_id)[verb]
        response = client.request(**vars(request), headers={"If-Match": tags, **SAME_ID})
        assert (response.content, response.headers) == (missing.content, missing.headers)
    assert rows(below) == before


def test_another_origin_may_read_the_tag(client: RecordingClient, surface: Surface) -> None:
    url, origin = (
        surface.task(1, create(client, surface)["id"]),
        {"Origin": "http://localhost:3000"},
    )
    for answer, status in (
        (client.get(url, headers=origin), 200),
        (client.get(url, headers=origin | {"If-None-Match": "*"}), 304),
        (client.delete(url, headers=origin | {"If-Match": '"x"'}), 412),
    ):
        assert answer.status_code == status
        assert "ETag" in answer.headers["access-control-expose-headers"].split(", ")
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]


@pytest.mark.parametrize("verb", ["replace", "patch", "toggle", "delete"])
def test_38_of_ten_writers_with_one_tag_one_is_done_and_nine_are_refused(
    arena: Arena, surface: Surface, verb: str
) -> None:
    owner = arena.new_owner()
    for _ in range(3):
        task = arena.client.request(**vars(surface.create(owner, title="x"))).json()
        request = surface.verbs(owner, task["id"])[verb]

        def write(number: int, tag: str = etag(task), request: Request = request) -> Any:
            body = request.json and {"title": f"writer {number}"}
            headers = {"If-Match": tag}
            return arena.client.request(request.method, request.url, json=body, headers=headers)

        answers = arena.at_once(owner, 10, write)
        done, *more = sorted(answers, key=lambda answer: int(answer.status_code))
        assert done.is_success, done.text
        assert {one.status_code for one in more} <= {412, 404 if verb == "delete" else 412}
        now = arena.client.get(surface.task(owner, task["id"]))
        assert now.status_code == 404 if verb == "delete" else now.json() == done.json() != task
