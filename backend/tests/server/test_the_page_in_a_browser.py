"""/docs in headless Chromium: whole without another host, and every operation can be tried."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.browser import Browser, Page, browsing
from backend.tests.support.server import Server, running

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-60")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def opened(browser: Browser, address: str, group: str, operation: str) -> Page:
    """The page at the deep link of an operation, which it has unfolded."""
    page = browser.open(f"{address}#/{group}/{operation}")
    page.wait_for(f"!!document.querySelector('#operations-{group}-{operation}.is-open')")
    return page


def tried(page: Page, block: str, body: dict[str, str] | None, **path: str) -> str:
    """The status that "Try it out" and "Execute" show."""
    page.click(f"{block} .try-out__btn")
    for name, value in path.items():
        page.type_in(f"{block} tr[data-param-name={name}] input", value)
    if body is not None:
        page.type_in(f"{block} textarea", json.dumps(body))
    page.click(f"{block} .btn.execute")
    status = f"{block} .live-responses-table .response .response-col_status"
    return str(page.wait_for(f"document.querySelector('{status}')?.innerText"))[:3]


def require_own(page: Page, server: Server) -> None:
    """Nothing was asked of another host, and nothing violates the policy of the page."""
    assert page.hosts == {f"127.0.0.1:{server.port}"}
    assert page.complaints == []


def test_a_task_is_created_with_try_it_out_and_no_other_host_is_asked(
    server: Server, browser: Browser
) -> None:
    """And then every other method is tried on it."""
    page = opened(browser, f"http://127.0.0.1:{server.port}/docs", "tasks", "createTask")
    created = tried(page, "#operations-tasks-createTask", {"title": "From the page"}, user_id="1")
    assert created == "201"
    [task] = server.client.get("/api/1/tasks").json()
    assert task["title"] == "From the page"
    path = {"user_id": "1", "id": str(task["id"])}
    for operation, body, status in (
        ("readTask", None, "200"),
        ("replaceTask", {"title": "y"}, "200"),
        ("patchTask", {"title": "z"}, "200"),
        ("deleteTask", None, "204"),
    ):
        block = f"#operations-tasks-{operation}"
        page.click(f"{block} .opblock-summary-control")
        assert tried(page, block, body, **path) == status, operation
    require_own(page, server)


def test_the_root_leads_to_the_page_which_works_below_a_prefix(
    committed_database: URL, browser: Browser
) -> None:
    """The prefix is cut by no proxy here: the service finds it in the path."""
    with running(committed_database, PUBLIC_URL="http://localhost/p") as server:
        page = opened(browser, f"http://127.0.0.1:{server.port}/p/", "lists", "listTasks")
        assert page.evaluate("location.pathname") == "/p/docs"
        assert tried(page, "#operations-lists-listTasks", None, user_id="77") == "200"
        require_own(page, server)
        assert any("/p/api/77/tasks" in url for url in page.requested)
