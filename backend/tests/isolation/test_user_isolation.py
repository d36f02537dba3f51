"""Another owner's tasks: every verb, both surfaces, foreign, missing and malformed ids."""

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.below import give_both_one_id, rows
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import VERBS

MINE, THEIRS = 1, 2
SAME_ID = 77
REQUEST_ID = {"X-Request-ID": "same"}


@pytest.fixture
def foreign(api: Api) -> dict[str, object]:
    """A task of the other owner, while this one has a task, too."""
    api.create(title="mine")
    task: dict[str, object] = api.of(THEIRS).create(title="theirs").json()
    return task


@pytest.mark.requirement("FR-10", "NFR-06")
@pytest.mark.threat(21)
@pytest.mark.parametrize("verb", VERBS)
def test_a_foreign_task_answers_as_a_missing_one(
    api: Api,
    verb: str,
    foreign: dict[str, object],
    below: Connection,
) -> None:
    before = rows(below)
    require_as_missing(api, verb, foreign["id"])
    assert rows(below) == before


def require_as_missing(api: Api, verb: str, task_id: object) -> None:
    """The answer is, byte for byte, that of a task that never was."""
    answers = [api.do(verb, either, headers=REQUEST_ID) for either in (task_id, 10**15)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "restore"])
def test_a_trashed_task_answers_as_a_missing_one(api: Api, verb: str, below: Connection) -> None:
    task = api.create(title="mine").json()
    api.delete(task["id"])
    before = rows(below)
    require_as_missing(api, verb, task["id"])
    assert rows(below) == before


@pytest.mark.requirement("FR-10")
@pytest.mark.parametrize("verb", VERBS)
def test_an_owner_without_any_task_gets_no_row_by_failing(
    api: Api,
    verb: str,
    foreign: dict[str, object],
    below: Connection,
) -> None:
    before = rows(below)
    request = api.of(3).verbs(foreign["id"])[verb]
    assert api.send(request).status_code == 404
    assert rows(below) == before


@pytest.mark.requirement("FR-10", "FR-09")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("alias", ["0", "-1", "+1", "01", "1.0", "1_0", "%201", "x", str(2**63)])
def test_a_malformed_id_reaches_no_database(api: Api, verb: str, alias: str) -> None:
    for owner, task_id in ((MINE, alias), (alias, 1)):
        response = api.of(owner).do(verb, task_id)
        assert response.status_code == 400
        assert api.statements == []


@pytest.mark.requirement("FR-10", "FR-01")
def test_a_list_holds_ones_own_tasks_only(api: Api, foreign: dict[str, object]) -> None:
    assert [task["title"] for task in api.list().json()] == ["mine"]
    assert api.of(THEIRS).list().json() == [foreign]
    assert api.of(3).list().json() == []


@pytest.mark.requirement("FR-10")
@pytest.mark.threat(21)
@pytest.mark.parametrize("verb", VERBS)
def test_owners_with_the_same_id_never_meet(api: Api, verb: str, below: Connection) -> None:
    """Ids are unique in practice only; nothing may rely on it."""
    api.create(title="mine")
    api.of(THEIRS).create(title="theirs")
    give_both_one_id(below, MINE, THEIRS, SAME_ID)
    theirs = rows(below, THEIRS)
    response = api.do(verb, SAME_ID)
    assert response.is_success
    assert rows(below, THEIRS) == theirs
    if response.content and verb != "head":
        assert response.json()["user_id"] == MINE


@pytest.mark.requirement("FR-08")
def test_the_flat_surface_never_reads_without_an_owner(client: RecordingClient) -> None:
    verbs = [("GET", "/api/v1/tasks"), ("GET", "/api/v1/tasks/1"), ("DELETE", "/api/v1/tasks/1")]
    verbs += [("PATCH", "/api/v1/tasks/1/complete"), ("POST", "/api/v1/tasks/1/restore")]
    for method, url in verbs:
        response = client.request(method, url)
        assert response.status_code == 400
        assert [error["loc"] for error in response.json()["errors"]] == ["query.user_id"]
        assert client.recorder.statements == []


@pytest.mark.requirement("FR-08")
@pytest.mark.parametrize("content", [{}, {"user_id": "1"}, {"user_id": 0}, {"user_id": True}])
def test_the_flat_surface_creates_only_for_the_owner_of_the_body(
    client: RecordingClient, content: dict[str, object]
) -> None:
    response = client.post("/api/v1/tasks", json={"title": "x", **content})
    assert response.status_code == 400
    assert [error["loc"] for error in response.json()["errors"]] == ["body.user_id"]
    assert client.recorder.statements == []


@pytest.mark.requirement("FR-08")
@pytest.mark.parametrize("verb", VERBS)
def test_no_request_falls_through_to_the_other_surface(api: Api, verb: str) -> None:
    """`/api/v1/tasks/5/complete` also matches `/api/{user_id}/tasks/{id}/complete`."""
    task = api.create(title="mine").json()
    request = api.verbs(task["id"])[verb]
    assert api.send(request).is_success
    if api.surface.name == "flat":
        bare = request.url.partition("?")[0]
        fallen = api.client.request(request.method, bare, json=request.json)
        assert fallen.status_code == 400
