"""The feed of changes: what is new since a revision, and what a client must read anew."""

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.copies import Copy, listed
from backend.tests.support.problems import require_problem
from backend.tests.support.tags import revision_of

pytestmark = pytest.mark.requirement("FR-41")


def age(below: Connection, owner: int = 1) -> None:
    """Let the trash be old, and purge it as the command does."""
    highest = f"SELECT max(revision) FROM tasks WHERE user_id = {owner} AND deleted_at IS NOT NULL"
    below.exec_driver_sql(
        f"UPDATE task_lists SET horizon = greatest(horizon, ({highest})) WHERE user_id = {owner}"
    )
    below.exec_driver_sql(f"DELETE FROM tasks WHERE user_id = {owner} AND deleted_at IS NOT NULL")


def test_the_first_sync_is_all_live_tasks_as_the_list_has_them(api: Api) -> None:
    made = [api.made(title=str(number), tags=["a"]) for number in range(3)]
    assert api.delete(made[1]["id"]).is_success
    api.of(2).made()
    answer = api.changes()
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [made[0], made[2]],
        "revision": revision_of(api.list().headers["etag"]),
        "has_more": False,
    }
    assert "link" not in answer.headers
    assert answer.json()["items"] == api.list().json()


def test_an_owner_who_never_wrote_has_no_changes(api: Api) -> None:
    assert api.changes().json() == {"items": [], "revision": 0, "has_more": False}


def test_what_changed_since_comes_in_the_order_of_the_changes(api: Api) -> None:
    first, second, third = (api.made(title=title) for title in "abc")
    since = api.changes().json()["revision"]
    assert since == third["revision"]
    assert api.changes(since=since).json() == {"items": [], "revision": since, "has_more": False}
    done = api.toggle(second["id"]).json()
    api.delete(third["id"])
    changed = api.patch(first["id"], title="z").json()
    new = api.made(title="d")
    answer = api.changes(since=since).json()
    stone = {"id": third["id"], "deleted": True, "revision": answer["items"][1]["revision"]}
    assert answer["items"] == [done, stone, changed, new]
    assert answer["revision"] == new["revision"]
    restored = api.restore(third["id"]).json()
    assert api.changes(since=new["revision"]).json()["items"] == [restored]


def test_a_task_that_changes_often_comes_once_as_it_is(api: Api) -> None:
    task = api.made()
    since = task["revision"]
    for title in "abc":
        task = api.patch(task["id"], title=title).json()
    assert api.changes(since=since).json()["items"] == [task]


def test_a_write_that_changes_nothing_is_no_change(api: Api) -> None:
    task = api.made()
    api.patch(task["id"], title=task["title"])
    assert api.changes(since=task["revision"]).json()["items"] == []


def test_bulk_changes_are_one_change_for_each_task(api: Api) -> None:
    ids = [api.made()["id"] for _ in range(4)]
    since = api.changes().json()["revision"]
    api.delete_all()
    assert [item["id"] for item in api.changes(since=since).json()["items"]] == ids
    since = api.changes(since=since).json()["revision"]
    api.client.post(api.surface.restore(1))
    assert api.changes(since=since).json()["items"] == api.list().json()


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_follow_each_other_whatever_their_size(api: Api, limit: int) -> None:
    tasks = [api.made(title=str(number)) for number in range(7)]
    api.delete(tasks[2]["id"])
    copy = Copy(api, limit)
    copy.follow()
    assert copy.tasks == listed(api)
    api.delete(tasks[0]["id"])
    api.patch(tasks[1]["id"], title="new")
    api.restore(tasks[2]["id"])
    copy.follow()
    assert (copy.tasks, copy.expired) == (listed(api), 0)


def test_the_next_page_keeps_the_query_of_the_client(api: Api) -> None:
    tasks = [api.made() for _ in range(3)]
    answer = api.changes(limit=1)
    assert (answer.json()["revision"], answer.json()["has_more"]) == (tasks[0]["revision"], True)
    link = answer.links["next"]["url"]
    assert link.startswith("http://testserver/api/")
    assert "limit=1" in link
    assert f"since={tasks[0]['revision']}&began={tasks[2]['revision']}" in link
    second = api.client.get(link)
    assert second.json()["items"] == [tasks[1]]
    assert second.links["next"]["url"].endswith(
        f"since={tasks[1]['revision']}&began={tasks[2]['revision']}"
    )
    delta = api.changes(since=tasks[0]["revision"], limit=1)
    assert "began" not in delta.headers["link"]


def test_a_cursor_below_the_horizon_has_expired(api: Api, below: Connection) -> None:
    first, second = api.made(), api.made()
    api.delete(first["id"])
    horizon = api.changes().json()["revision"]
    last = api.made(title="last")
    assert api.changes(since=second["revision"]).status_code == 200
    age(below)
    problem = require_problem(
        api.changes(since=second["revision"]), 410, "cursor_expired", str(second["revision"])
    )
    assert problem["detail"].endswith("begin again with since=0.")
    assert api.changes(since=horizon).json()["items"] == [last]
    assert [item["id"] for item in api.changes().json()["items"]] == [second["id"], last["id"]]


def test_a_first_sync_of_many_pages_passes_a_horizon_of_before(api: Api, below: Connection) -> None:
    """Else it would be sent back to the beginning for ever."""
    tasks = [api.made(title=str(number)) for number in range(5)]
    api.delete(tasks[4]["id"])
    age(below)
    copy = Copy(api, limit=1)
    copy.follow()
    assert (copy.tasks, copy.expired) == (listed(api), 0)
    assert api.changes(since=tasks[0]["revision"]).status_code == 410


def test_a_purge_during_the_first_sync_of_what_was_read_before_is_told(
    api: Api, below: Connection
) -> None:
    tasks = [api.made(title=str(number)) for number in range(4)]
    page = api.changes(limit=2)
    assert page.json()["items"] == tasks[:2]
    api.delete(tasks[0]["id"])
    following = page.links["next"]["url"]
    assert [item.get("deleted") for item in api.client.get(following).json()["items"]] == [
        None,
        None,
    ]
    age(below)
    require_problem(api.client.get(following), 410, "cursor_expired")


def test_a_tombstone_that_appears_during_the_first_sync_is_in_it(api: Api) -> None:
    tasks = [api.made(title=str(number)) for number in range(4)]
    page = api.changes(limit=2)
    api.delete(tasks[0]["id"])
    rest = api.client.get(page.links["next"]["url"])
    assert rest.json()["has_more"]
    items = api.client.get(rest.links["next"]["url"]).json()["items"]
    assert [(item["id"], item["deleted"]) for item in items] == [(tasks[0]["id"], True)]


@pytest.mark.threat(46)
def test_a_cursor_from_before_a_restored_backup_has_expired(api: Api) -> None:
    task = api.made()
    for since in (task["revision"] + 1, 2**63 - 1):
        require_problem(api.changes(since=since), 410, "cursor_expired")
    require_problem(
        api.changes(since=task["revision"], began=task["revision"] + 1), 410, "cursor_expired"
    )
    require_problem(api.of(9).changes(since=1), 410, "cursor_expired")


@pytest.mark.parametrize(
    "query",
    [
        *("since=", "since=-1", "since=01", "since=1.0", "since=+1", "since=9223372036854775808"),
        *("since=1&since=2", "limit=0", "limit=501", "limit=x", "began=-1", "cursor=x", "until=3"),
        *("completed=true", "since=%00"),
    ],
)
def test_a_malformed_question_is_refused(api: Api, query: str) -> None:
    answer = api.client.get(api.surface.under(1, "changes", query))
    require_problem(answer, 400, "validation_error")
    assert api.statements == []


def test_the_feed_is_read_by_get_and_head_alone(api: Api) -> None:
    url = api.surface.under(1, "changes")
    assert api.client.head(url).status_code == 200
    for method in ("DELETE", "PUT", "PATCH"):  # a task's address has these: `changes` is none
        assert api.client.request(method, url).status_code in {400, 405, 415}
    assert api.client.post(url).status_code == 405


def test_a_condition_that_it_would_overlook_is_refused(api: Api) -> None:
    answer = api.changes({"If-Match": '"1"'})
    assert require_problem(answer, 400, "validation_error")["errors"][0]["code"] == (
        "unsupported_condition"
    )
