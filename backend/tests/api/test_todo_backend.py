"""The sixteen expectations of the public Todo-Backend contract, as sent by a page from elsewhere.

The contract is that of todobackend.com; its root is `/api/1/tasks`. Every request names a content
type, also one without a body, so that to a browser none is simple: a preflight goes before each.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import cloned
from backend.tests.support.server import Server, running

pytestmark = pytest.mark.requirement("FR-20")

ORIGIN = {"Origin": "http://localhost:3000"}
JSON = {"Content-Type": "application/json"}


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


class Browser:
    """A page of another origin, which sees only what CORS lets it see."""

    def __init__(self, client: httpx.Client, root: str) -> None:
        self.client = client
        self.root = root

    def send(self, method: str, url: str, todo: dict[str, Any] | None = None) -> httpx.Response:
        """Ask whether the request is allowed, send it, and ask whether its answer may be read."""
        asked = {
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type",
        }
        preflight = self.client.options(url, headers=ORIGIN | asked)
        assert preflight.is_success, preflight.text
        self._require_allowed(preflight)
        assert method.lower() in words(preflight.headers["access-control-allow-methods"])
        assert "content-type" in words(preflight.headers["access-control-allow-headers"])
        response = self.client.request(method, url, json=todo, headers=ORIGIN | JSON)
        self._require_allowed(response)
        return response

    def _require_allowed(self, response: httpx.Response) -> None:
        assert response.headers["access-control-allow-origin"] in {ORIGIN["Origin"], "*"}

    def send_well(self, method: str, url: str, todo: dict[str, Any] | None = None) -> Any:
        """The JSON of an answer, if it has any; fails unless it is a success."""
        response = self.send(method, url, todo)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def get(self, url: str) -> Any:
        return self.send_well("GET", url)

    def todos(self) -> Any:
        return self.get(self.root)

    def post(self, **todo: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.send_well("POST", self.root, {"title": "blah"} | todo)
        return answer

    def patch(self, url: str, **changes: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.send_well("PATCH", url, changes)
        return answer

    def delete(self, url: str) -> None:
        self.send_well("DELETE", url)


@pytest.fixture(scope="module")
def served(cluster: Cluster, template: str) -> Iterator[Server]:
    """One server process for the whole contract."""
    with cloned(cluster, template) as url, running(url, LOG_LEVEL="error") as server:
        yield server


@pytest.fixture
def elsewhere(served: Server) -> Browser:
    """A browser with the root `/api/1/tasks`, of which another test may have left todos."""
    return Browser(served.client, str(served.client.base_url.join("/api/1/tasks")))


@pytest.fixture
def browser(elsewhere: Browser) -> Browser:
    """The same, once the root is emptied as the contract does it."""
    elsewhere.delete(elsewhere.root)
    return elsewhere


def test_01_the_root_answers_a_get(elsewhere: Browser) -> None:
    assert isinstance(elsewhere.todos(), list)


def test_02_the_root_answers_a_post_with_the_todo_that_was_posted(elsewhere: Browser) -> None:
    assert elsewhere.post(title="a todo")["title"] == "a todo"


def test_03_the_root_answers_a_delete_with_success(elsewhere: Browser) -> None:
    elsewhere.post()
    elsewhere.delete(elsewhere.root)


def test_04_after_a_delete_the_root_answers_a_get_with_an_empty_array(elsewhere: Browser) -> None:
    elsewhere.post()
    elsewhere.delete(elsewhere.root)
    assert elsewhere.todos() == []


def test_05_a_posted_todo_is_added_to_the_list_at_the_root(browser: Browser) -> None:
    browser.post(title="walk the dog")
    assert [todo["title"] for todo in browser.todos()] == ["walk the dog"]


def test_06_a_new_todo_is_not_completed(browser: Browser) -> None:
    todo = browser.post()
    assert todo["completed"] is False
    assert [listed["completed"] for listed in browser.todos()] == [False]


def test_07_each_new_todo_has_a_url(browser: Browser) -> None:
    urls = [browser.post()["url"] for _ in range(2)]
    assert [todo["url"] for todo in browser.todos()] == urls
    assert all(httpx.URL(url).is_absolute_url for url in urls)
    assert len(set(urls)) == 2


def test_08_the_url_of_a_new_todo_returns_it(browser: Browser) -> None:
    todo = browser.post(title="my todo")
    assert browser.get(todo["url"]) == todo
    assert todo["title"] == "my todo"


def test_09_a_todo_is_reached_from_the_list_by_its_url(browser: Browser) -> None:
    titles = ["todo the first", "todo the second"]
    with ThreadPoolExecutor(2) as pool:  # at once, as the contract posts them
        list(pool.map(lambda title: browser.post(title=title), titles))
    todos = browser.todos()
    assert sorted(todo["title"] for todo in todos) == titles
    assert [browser.get(todo["url"]) for todo in todos] == todos


def test_10_patching_its_url_changes_the_title(browser: Browser) -> None:
    todo = browser.post(title="initial title")
    assert browser.patch(todo["url"], title="bathe the cat")["title"] == "bathe the cat"


def test_11_patching_its_url_changes_whether_it_is_completed(browser: Browser) -> None:
    todo = browser.post()
    assert browser.patch(todo["url"], completed=True)["completed"] is True
    assert browser.patch(todo["url"], completed=False)["completed"] is False


def test_12_changes_are_there_when_todo_and_list_are_fetched_again(browser: Browser) -> None:
    patched = browser.patch(browser.post()["url"], title="changed title", completed=True)
    for todo in (patched, browser.get(patched["url"]), *browser.todos()):
        assert (todo["title"], todo["completed"]) == ("changed title", True)
    assert len(browser.todos()) == 1


def test_13_deleting_its_url_deletes_the_todo(browser: Browser) -> None:
    kept, todo = browser.post(title="kept"), browser.post(title="gone")
    browser.delete(todo["url"])
    assert browser.todos() == [kept]
    assert browser.send("GET", todo["url"]).status_code == 404


def test_14_a_todo_can_be_created_with_an_order(browser: Browser) -> None:
    assert browser.post(order=523)["order"] == 523


def test_15_patching_its_url_changes_the_order(browser: Browser) -> None:
    assert browser.patch(browser.post(order=10)["url"], order=95)["order"] == 95


def test_16_a_changed_order_is_remembered(browser: Browser) -> None:
    patched = browser.patch(browser.post(order=10)["url"], order=95)
    assert browser.get(patched["url"])["order"] == 95
    assert [todo["order"] for todo in browser.todos()] == [95]
