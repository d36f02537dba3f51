"""The ten scenarios (the tenth is in test_persistence.py) and each endpoint, on both surfaces."""

import pytest

from backend.tests.support.api import Api
from backend.tests.support.contents import CONTENT, DEFAULTS
from backend.tests.support.tags import tag_of


@pytest.mark.requirement("FR-02", "FR-08", "FR-09")
def test_creating_answers_201_with_the_whole_task(api: Api) -> None:
    response = api.create(title="  Buy milk ")
    task = response.json()
    assert response.status_code == 201
    assert task["title"] == "Buy milk"
    assert task["user_id"] == 1
    assert task["created_at"] == task["updated_at"]
    assert task["created_at"].endswith("Z")
    assert task.items() >= DEFAULTS.items()
    assert task["url"] == f"http://testserver/api/1/tasks/{task['id']}"
    assert response.headers["location"] == task["url"]
    assert response.headers["etag"] == tag_of(task["revision"])


@pytest.mark.requirement("FR-01", "FR-08")
def test_listing_answers_a_bare_array_oldest_first(api: Api) -> None:
    tasks = [api.made(title=str(number)) for number in range(3)]
    response = api.list()
    assert response.status_code == 200
    assert response.json() == tasks
    assert "link" not in response.headers


@pytest.mark.requirement("FR-01")
def test_an_owner_without_tasks_has_an_empty_list(api: Api) -> None:
    response = api.of(404).list()
    assert (response.status_code, response.json()) == (200, [])


@pytest.mark.requirement("FR-03", "FR-08")
def test_reading_answers_the_task_with_its_etag(api: Api) -> None:
    task = api.made()
    response = api.read(task["id"])
    assert (response.status_code, response.json()) == (200, task)
    assert response.headers["etag"] == tag_of(task["revision"])


@pytest.mark.requirement("FR-04", "FR-08")
def test_replacing_returns_what_is_left_out_to_its_default(api: Api) -> None:
    task = api.made(**CONTENT)
    response = api.replace(task["id"], title="New")
    replaced = response.json()
    assert response.status_code == 200
    expected = {**DEFAULTS, "title": "New", "id": task["id"]}
    kept = {name: task[name] for name in ("repeat", "repeat_from", "repeat_zone", "parent_id")}
    assert {name: replaced[name] for name in expected} == {**expected, **kept}
    assert replaced["created_at"] == task["created_at"]
    assert replaced["revision"] > task["revision"]


@pytest.mark.requirement("FR-04")
def test_replacing_never_creates(api: Api) -> None:
    response = api.replace(999, title="New")
    assert response.status_code == 404
    assert api.list().json() == []


@pytest.mark.requirement("FR-05", "FR-08")
@pytest.mark.parametrize("field", CONTENT)
def test_patching_changes_just_what_is_sent(api: Api, field: str) -> None:
    task = api.made()
    response = api.patch(task["id"], **{field: CONTENT[field]})
    changed = {name for name, value in response.json().items() if value != task[name]}
    follows = {"revision", "updated_at"} | ({"completed_at"} if field == "completed" else set())
    assert response.status_code == 200
    assert response.json()[field] == CONTENT[field]
    assert changed - follows <= {field}


@pytest.mark.requirement("FR-05")
@pytest.mark.parametrize("field", sorted(DEFAULTS.keys() - {"completed_at"}))
def test_patching_with_null_resets_to_the_default(api: Api, field: str) -> None:
    task = api.made(**CONTENT)
    response = api.patch(task["id"], **{field: None})
    assert response.status_code == 200
    assert response.json()[field] == DEFAULTS[field]


@pytest.mark.requirement("FR-05")
def test_an_empty_patch_keeps_the_task(api: Api) -> None:
    task = api.made(**CONTENT)
    response = api.patch(task["id"])
    assert response.status_code == 200
    assert response.json().items() >= CONTENT.items()


@pytest.mark.requirement("FR-05")
def test_a_patch_may_say_that_it_is_a_merge_patch(api: Api) -> None:
    task = api.made()
    headers = {"Content-Type": "application/merge-patch+json"}
    url = api.task(task["id"])
    assert api.client.patch(url, content=b'{"order": 3}', headers=headers).json()["order"] == 3


@pytest.mark.requirement("FR-06", "FR-08")
def test_a_deleted_task_is_missing_and_can_be_restored(api: Api) -> None:
    task = api.made()
    url = api.task(task["id"])
    deleted = api.client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.client.get(url).json()["code"] == "task_not_found"
    assert api.list().json() == []
    assert api.client.delete(url).status_code == 404
    restored = api.restore(task["id"])
    assert restored.status_code == 200
    assert restored.json()["created_at"] == task["created_at"]
    assert api.list().json() == [restored.json()]


@pytest.mark.requirement("FR-06")
def test_restoring_a_task_that_is_not_in_the_trash_keeps_it(api: Api) -> None:
    task = api.made()
    response = api.restore(task["id"])
    assert (response.status_code, response.json()["title"]) == (200, task["title"])


@pytest.mark.requirement("FR-07", "FR-08")
def test_completing_without_a_body_toggles(api: Api) -> None:
    url = api.task(api.made()["id"], "/complete")
    first, second = api.client.patch(url), api.client.patch(url)
    assert first.status_code == second.status_code == 200
    assert first.json()["completed"] is True
    assert first.json()["completed_at"] == first.json()["updated_at"]
    assert (second.json()["completed"], second.json()["completed_at"]) == (False, None)


@pytest.mark.requirement("FR-07")
def test_completing_with_a_body_sets_and_is_repeatable(api: Api) -> None:
    url = api.task(api.made()["id"], "/complete")
    answers = [api.client.patch(url, json={"completed": True}).json() for _ in range(2)]
    assert [answer["completed"] for answer in answers] == [True, True]
    assert answers[0]["completed_at"] == answers[1]["completed_at"]
    assert api.client.patch(url, json={"completed": False}).json()["completed_at"] is None


def test_a_body_less_request_may_name_a_content_type(api: Api) -> None:
    task = api.made()
    headers = {"Content-Type": "application/json"}
    url = api.task(task["id"])
    assert api.client.patch(f"{api.task(task['id'], '/complete')}", headers=headers).is_success
    assert api.client.get(url, headers=headers).is_success
    assert api.client.delete(url, headers=headers).is_success


@pytest.mark.requirement("FR-12")
def test_creating_without_a_title_names_the_field(api: Api) -> None:
    response = api.create(description="no title")
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error"
    assert [error["loc"] for error in response.json()["errors"]] == ["body.title"]


@pytest.mark.requirement("FR-12")
def test_reading_an_unknown_id_is_404(api: Api) -> None:
    response = api.read(999)
    assert (response.status_code, response.json()["code"]) == (404, "task_not_found")
