"""A page of another origin follows a list by `EventSource`, as every front end would."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.browser import PATIENCE, browsing
from backend.tests.support.server import Server, running

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-44")]

PAGE = """<!doctype html><script>
const tell = text => fetch("/told", {method: "POST", body: text});
const source = new EventSource("%s");
source.onopen = () => tell("open");
source.addEventListener("change", event => tell(event.data));
</script>"""


class Origin(ThreadingHTTPServer):
    """The page's own server, which the page tells what it sees."""

    page = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: Queue[str] = Queue()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        self._answer(self.server.page.encode())

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.told.put(self.rfile.read(size).decode())
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing of it belongs in the tests' output."""


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        yield origin
        origin.shutdown()


def next_change(origin: Origin) -> dict[str, Any]:
    """What the page is told next that is no news of its connection."""
    while (text := origin.told.get(timeout=PATIENCE)) == "open":
        pass
    change: dict[str, Any] = json.loads(text)
    return change


def made(server: Server, title: str) -> dict[str, Any]:
    answer = server.client.post("/api/1/tasks", json={"title": title})
    assert answer.status_code == 201
    task: dict[str, Any] = answer.json()
    return task


def test_a_page_of_another_origin_sees_each_change_also_of_while_it_was_cut_off(
    database: URL, origin: Origin, tmp_path: Path
) -> None:
    """It comes back by itself, and says with `Last-Event-ID` where it was."""
    with running(database, CORS_ORIGINS=origin.address) as server:
        origin.page = PAGE % f"http://127.0.0.1:{server.port}/api/1/tasks/events"
        with browsing(tmp_path) as browser:
            browser.open(origin.address)
            assert origin.told.get(timeout=PATIENCE) == "open"
            first = made(server, "first")
            assert next_change(origin)["id"] == first["id"]
            server.stop()
            server.start_again()
            missed = made(server, "missed")
            seen = next_change(origin)
            assert (seen["id"], seen["title"]) == (missed["id"], "missed")
