"""Pages of a list: a keyset cursor that belongs to one owner's one query."""

import pytest

from backend.tests.support.api import Api


def fill(api: Api, number: int) -> list[dict[str, object]]:
    requests = [api.surface.create(1, title=str(n)) for n in range(number)]
    return [api.send(request).json() for request in requests]


@pytest.mark.requirement("FR-01", "FR-16")
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_walking_the_pages_meets_each_task_once(api: Api, limit: int) -> None:
    tasks = fill(api, 7)
    seen, url = [], api.tasks(f"limit={limit}")
    while url:
        page = api.client.get(url)
        assert 1 <= len(page.json()) <= limit
        seen += page.json()
        url = page.links.get("next", {}).get("url", "")
    assert seen == tasks


@pytest.mark.requirement("FR-01", "FR-08")
def test_the_next_page_is_on_the_same_surface(api: Api) -> None:
    fill(api, 2)
    link = api.list("limit=1").links["next"]["url"]
    assert link.startswith(f"http://testserver{api.tasks().partition('?')[0]}?")
    assert "limit=1" in link
    assert ("user_id=1" in link) == (api.surface.name == "flat")


@pytest.mark.requirement("FR-01")
def test_a_full_last_page_has_no_next(api: Api) -> None:
    fill(api, 2)
    assert "link" not in api.list("limit=2").headers


@pytest.mark.requirement("FR-01")
def test_a_page_goes_on_where_a_task_was_deleted(api: Api) -> None:
    tasks = fill(api, 3)
    link = api.list("limit=1").links["next"]["url"]
    api.delete(tasks[0]["id"])
    assert api.client.get(link).json() == tasks[1:2]


@pytest.mark.requirement("FR-10")
def test_a_cursor_of_another_owner_is_refused(api: Api) -> None:
    fill(api, 2)
    cursor = api.list("limit=1").links["next"]["url"].split("cursor=")[1]
    answer = api.of(2).list(f"cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
    assert api.statements == []
