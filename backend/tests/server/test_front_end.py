"""docs/front-end.md: each example is a file, and does what it says."""

import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from backend.dev.demo import fill
from backend.dev.demo_tasks import OWNERS, tasks_of
from backend.tests.support.browser import Page, browsing
from backend.tests.support.databases import ROOT
from backend.tests.support.front_end import EXAMPLES, compiled, node, static
from backend.tests.support.server import Server, running
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-62")]

DRIVER = ROOT / "backend/tests/support/front_end_driver.mjs"
DOCUMENT = ROOT / "docs/front-end.md"


def test_each_module_does_what_the_document_says(server: Server, tmp_path: Path) -> None:
    build = compiled(tmp_path) / "build"
    tasks = f"http://127.0.0.1:{server.port}/api/1/tasks"
    run = subprocess.run(
        [node(), DRIVER, build, tasks], capture_output=True, text=True, check=False
    )
    assert run.stdout == "all right\n", run.stderr


def test_the_document_names_every_module_and_shows_what_is_in_them() -> None:
    text = DOCUMENT.read_text()
    for module in (EXAMPLES / "front-end").glob("*.ts"):
        assert f"(../examples/front-end/{module.name})" in text, module.name
    code = "\n".join(file.read_text() for file in EXAMPLES.glob("*/*.ts"))
    for block in re.findall(r"```ts\n(.*?)```", text, re.DOTALL):
        assert block in code, block


def titles(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('li .name')].map(name => name.textContent)"
    )
    return found


def shows(page: Page, *expected: str) -> None:
    wait_until(lambda: titles(page) == list(expected), 60)


def add(page: Page, title: str) -> None:
    page.type_in("#title", title)
    page.click("#add button")


def rename(page: Page, number: int, title: str) -> None:
    """Begin and finish the editing of a row; what is between is for others."""
    page.click(f"li:nth-child({number}) .name")
    page.type_in("li input.title", title)


def enter(page: Page) -> None:
    page.evaluate("document.querySelector('li input.title').blur()")


def test_two_windows_of_another_origin_see_each_others_changes(
    database: URL, tmp_path: Path
) -> None:
    with (
        static(compiled(tmp_path)) as origin,
        running(database, CORS_ORIGINS=origin, EVENTS_INTERVAL="0.1") as server,
        browsing(tmp_path / "profile") as browser,
    ):
        address = f"{origin}/?owner=1&api=http://127.0.0.1:{server.port}"
        one, other = browser.open(address), browser.open(address)
        for page in (one, other):
            page.wait_for("document.querySelector('#state').textContent === 'live'")
        add(one, "Buy milk")
        add(other, "Call the plumber")
        for page in (one, other):
            wait_until(lambda page=page: len(titles(page)) == 2, 60)  # type: ignore[misc]
        first, second = titles(one)

        one.click("li:nth-child(1) input[type=checkbox]")
        assert one.evaluate("!!document.querySelector('li.done')"), "before any answer"
        for page in (one, other):
            shows(page, second, first)
            page.wait_for("document.querySelectorAll('li.done').length === 1")

        rename(one, 1, "Call the electrician")
        enter(one)
        for page in (one, other):
            shows(page, "Call the electrician", first)

        rename(one, 1, "too late")  # begun before, ended after the other's change
        rename(other, 1, "Call the painter")
        enter(other)
        shows(other, "Call the painter", first)
        enter(one)
        one.wait_for("document.querySelector('#message').innerText.includes('Somebody else')")
        shows(one, "Call the painter", first)

        one.click("#clear")
        for page in (one, other):
            shows(page, "Call the painter")
        one.wait_for("document.querySelector('#message').innerText.includes('1 deleted')")
        one.click("#message button")
        for page in (one, other):
            shows(page, "Call the painter", first)
        assert one.complaints == [entry for entry in one.complaints if " 412 " in entry]
        assert other.complaints == []


def test_the_tasks_of_the_demo_are_taken_by_the_service(server: Server) -> None:
    fill(f"http://127.0.0.1:{server.port}")
    fill(f"http://127.0.0.1:{server.port}")  # what is there is left alone
    for owner in OWNERS:
        listed = server.client.get(f"/api/{owner}/tasks").json()
        assert len(listed) == len(tasks_of(owner)) == 24
        assert {task["completed"] for task in listed} == {True, False}
