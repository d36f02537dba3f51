"""Conditional requests (RFC 9110, 13): nothing is read twice, nothing newer is overwritten."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.below import rows
from backend.tests.support.problems import require_problem
from backend.tests.support.surfaces import Request, Surface
from backend.tests.support.tags import tag_of

pytestmark = pytest.mark.requirement("FR-17")

WRITES = ("replace", "patch", "toggle", "complete", "delete")
NO_TAGS = ("", "1", '"1', 'w/"1"', "W/1", '"1" "2"', '*, "1"', '"1 2"')
SAME_ID = {"X-Request-ID": "same"}


def etag(task: dict[str, Any]) -> str:
    return tag_of(task["revision"])


def require_unchanged(response: Any, tag: str) -> None:
    assert (response.status_code, response.content) == (304, b""), response.text
    assert response.headers["etag"] == tag


@pytest.mark.parametrize("verb", ["read", "head", *WRITES[:-1], "restore"])
def test_every_answer_with_a_task_has_its_revision_as_etag(api: Api, verb: str) -> None:
    _, task, _ = (api.made() for _ in range(3))
    response = api.do(verb, task["id"])
    now = api.read(task["id"])
    assert response.headers["etag"] == now.headers["etag"] == etag(now.json())


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("query", [None, "", "q=nothing&count=true"], ids=["task", "list", "empty"])
def test_who_has_the_tag_is_told_304(api: Api, query: str | None, verb: str) -> None:
    task = api.made()
    url = api.task(task["id"]) if query is None else api.tasks(query)
    for tags in ("{0}", "W/{0}", "*", '"x", {0}', '{0},"9999"', 'W/"0" ,\tW/{0}', '"", "0,1",{0}'):
        known = {"If-None-Match": tags.format(etag(task))}
        require_unchanged(api.client.request(verb, url, headers=known), etag(task))


def test_who_has_another_tag_is_told_all(api: Api) -> None:
    task = api.made()
    for tags in ('"2"', 'W/"2"', '"01"', '"-1"', '"x"', '"0", "10"', '"W/1"'):
        known = {"If-None-Match": tags}
        assert api.read(task["id"], headers=known).json() == task
        assert api.list(headers=known).json() == [task]


def test_tags_on_two_lines_are_one_list(api: Api) -> None:
    """RFC 9110, 5.3: the lines of a list-based field are one list."""
    task = api.made()
    url, tags = api.task(task["id"]), ['"x"', etag(task)]
    require_unchanged(api.client.get(url, headers=[("If-None-Match", t) for t in tags]), etag(task))
    assert api.client.delete(url, headers=[("If-Match", t) for t in tags]).status_code == 204


def test_empty_elements_of_a_list_are_ignored(api: Api) -> None:
    """RFC 9110, 5.6.1.2: a recipient must parse and ignore a reasonable number of them."""
    task = api.made()
    known = {"If-None-Match": f',"x", ,{etag(task)},'}
    require_unchanged(api.read(task["id"], headers=known), etag(task))


def test_what_is_no_entity_tag_is_400(api: Api, below: Connection) -> None:
    task = api.made()
    before = rows(below)
    verbs = api.verbs(task["id"])
    for tags in NO_TAGS:
        for url in (api.task(task["id"]), api.tasks()):
            response = api.client.get(url, headers={"If-None-Match": tags})
            require_problem(response, 400, "validation_error")
        for verb in WRITES:
            response = api.send(verbs[verb], headers={"If-Match": tags})
            problem = require_problem(response, 400, "validation_error")
            assert [error["loc"] for error in problem["errors"]] == ["header.If-Match"]
    assert rows(below) == before


def test_the_list_of_a_new_owner_has_the_tag_0(api: Api) -> None:
    response = api.list()
    assert (response.json(), response.headers["etag"]) == ([], tag_of(0))
    for tags in ('"0-1"', 'W/"0-1"', "*"):
        require_unchanged(api.list(headers={"If-None-Match": tags}), tag_of(0))


@pytest.mark.parametrize("verb", [*WRITES, "create", "trash all"])
def test_any_change_of_the_owner_and_of_nobody_else_changes_the_tag_of_every_list(
    api: Api, verb: str
) -> None:
    made = [api.of(n).create(title="x").json() for n in (1, 2)]
    known = api.list().headers["etag"]
    for owner, status in ((2, 304), (1, 200)):
        changes = api.of(owner).verbs(made[owner - 1]["id"]) | {
            "create": api.surface.create(owner, title="y"),
            "trash all": Request("DELETE", api.of(owner).tasks()),
        }
        assert api.send(changes[verb]).is_success
        for query in ("", "q=nothing", "deleted=true"):
            response = api.list(query, headers={"If-None-Match": known})
            assert response.status_code == status
            assert (response.headers["etag"] == known) == (status == 304)


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_that_knows_the_task_as_it_is_is_done(api: Api, verb: str) -> None:
    for tags in ("{0}", "*", '"9999", {0}', 'W/"1",{0} ,"x"'):
        task = api.made()
        api.made(title="a change of the list, not of the task")
        known = {"If-None-Match": api.list().headers["etag"]}
        request = api.verbs(task["id"])[verb]
        response = api.send(request, headers={"If-Match": tags.format(etag(task))})
        assert response.status_code == (204 if verb == "delete" else 200)
        assert task not in api.list(headers=known).json()


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_that_knows_the_task_otherwise_is_412_and_writes_nothing(
    api: Api, verb: str, below: Connection
) -> None:
    task = api.made()
    old, now = task["revision"], api.patch(task["id"], order=1).json()["revision"]
    before = rows(below)
    request = api.verbs(task["id"])[verb]
    for tags in ('"{0}"', 'W/"{0}"', 'W/"{2}", "{0}"', '"{2}"', '"x"', '"0{1}"', '"0"'):
        response = api.send(request, headers={"If-Match": tags.format(old, now, now + 1)})
        require_problem(response, 412, "precondition_failed")
        assert rows(below) == before


@pytest.mark.threat(21)
@pytest.mark.parametrize("verb", WRITES)
def test_a_condition_on_no_task_of_ones_own_is_the_404_of_a_missing_task(
    api: Api, verb: str, below: Connection
) -> None:
    trashed = api.made()
    api.delete(trashed["id"])
    foreign = api.of(2).create(title="theirs").json()
    before = rows(below)
    missing = api.do(verb, 10**15, headers=SAME_ID)
    require_problem(missing, 404, "task_not_found")
    for task_id, tags in product((trashed["id"], foreign["id"], 10**15), ('"1"', '"2"', "*")):
        request = api.verbs(task_id)[verb]
        response = api.send(request, headers={"If-Match": tags, **SAME_ID})
        assert (response.content, response.headers) == (missing.content, missing.headers)
    assert rows(below) == before


def test_another_origin_may_read_the_tag(api: Api) -> None:
    task_id, origin = api.made()["id"], {"Origin": "http://localhost:3000"}
    for answer, status in (
        (api.read(task_id, origin), 200),
        (api.read(task_id, origin | {"If-None-Match": "*"}), 304),
        (api.delete(task_id, origin | {"If-Match": '"x"'}), 412),
    ):
        assert answer.status_code == status
        assert "ETag" in answer.headers["access-control-expose-headers"].split(", ")
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]


@pytest.mark.threat(38)
@pytest.mark.parametrize("verb", ["replace", "patch", "toggle", "delete"])
def test_of_ten_writers_with_one_tag_one_is_done_and_nine_are_refused(
    arena: Arena, surface: Surface, verb: str
) -> None:
    api = arena.api(surface)
    for _ in range(3):
        task = api.made()
        request = api.verbs(task["id"])[verb]

        def write(number: int, tag: str = etag(task), request: Request = request) -> Any:
            body = request.json and {"title": f"writer {number}"}
            return api.send(replace(request, json=body), {"If-Match": tag})

        answers = arena.at_once(api.owner, 10, write)
        done, *more = sorted(answers, key=lambda answer: int(answer.status_code))
        assert done.is_success, done.text
        assert {one.status_code for one in more} <= {412, 404 if verb == "delete" else 412}
        now = api.read(task["id"])
        assert now.status_code == 404 if verb == "delete" else now.json() == done.json() != task


@pytest.mark.requirement("FR-17")
def test_a_restore_may_expect_a_revision(api: Api) -> None:
    task = api.create(title="x").json()
    api.delete(task["id"])
    stale = api.restore(task["id"], {"If-Match": f'"{task["revision"]}"'})
    current = api.restore(task["id"], {"If-Match": f'"{task["revision"] + 1}"'})
    assert (stale.status_code, current.status_code) == (412, 200)


@pytest.mark.requirement("FR-17", "FR-19")
def test_a_condition_on_many_tasks_is_refused_and_not_overlooked(api: Api) -> None:
    task = api.create(title="x").json()
    response = api.delete_all(headers={"If-Match": '"1"'})
    problem = require_problem(response, 400, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == ["header.If-Match"]
    assert api.list().json() == [task]
