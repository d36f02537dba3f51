"""/docs is whole without the internet: the page, what it loads, and the way to it."""

import re
from base64 import b64encode
from hashlib import sha384
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from backend.api.openapi.page import FOLDER, FOR_EVER, POLICY, page
from backend.app import create_app
from backend.tests.support.databases import NOWHERE, settings_for
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.secured import require_secured

pytestmark = pytest.mark.requirement("FR-60")

VENDORED = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)


class Elements(HTMLParser):
    """What a page loads, and everything that its policy would not allow."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        values = dict(attrs)
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        address = values.get("src") or values.get("href") or ""
        if tag in {"script", "link"} and address != "data:,":
            self.loaded.append(address)

    def handle_data(self, data: str) -> None:
        if self._tag in {"script", "style"} and data.strip():
            self.inline.append(data)


def test_the_page_carries_its_own_policy_and_allows_nothing_foreign(
    client: RecordingClient,
) -> None:
    answer = client.get("/docs")
    assert (answer.status_code, answer.text) == (200, page())
    require_secured(answer, policy=POLICY)
    sources = {source for part in POLICY.split("; ") for source in part.split()[1:]}
    assert sources == {"'self'", "'none'", "data:"}
    assert Elements(page()).inline == []


def test_all_that_the_page_loads_comes_from_here_and_may_be_kept_for_ever(
    client: RecordingClient,
) -> None:
    loaded = Elements(page()).loaded
    assert len(loaded) == 3
    for address in loaded:
        assert re.fullmatch(r"docs/[a-z-]+\.[0-9a-f]{16}\.(js|css)", address), "relative, digest"
        answer = client.get(f"/{address}")
        require_secured(answer, FOR_EVER)
        kind = "text/javascript" if address.endswith("js") else "text/css"
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        head = client.head(f"/{address}")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))
    require_problem(client.get("/docs/swagger-ui.0000000000000000.css"), 404, "not_found")


def test_the_vendored_files_are_those_of_the_package() -> None:
    digests = dict(VENDORED.findall((FOLDER / "README.md").read_text()))
    assert digests.keys() == {"swagger-ui-bundle.js", "swagger-ui.css"}
    for name, digest in digests.items():
        assert b64encode(sha384((FOLDER / name).read_bytes()).digest()).decode() == digest


@pytest.mark.parametrize("prefix", ["", "/p"])
def test_the_root_leads_to_the_page_below_a_prefix_too(prefix: str) -> None:
    settings = settings_for(NOWHERE, forwarded_allow_ips="*")
    headers = {"X-Forwarded-Prefix": prefix} if prefix else {}
    with TestClient(create_app(settings), headers=headers, follow_redirects=False) as client:
        for answer in (client.get("/"), client.head("/")):
            assert (answer.status_code, answer.headers["location"]) == (307, f"{prefix}/docs")
        assert client.get(f"{prefix}/docs").is_success
        for address in Elements(page()).loaded:
            assert client.get(f"{prefix}/{address}").is_success


def test_without_the_page_the_root_says_where_the_tasks_are() -> None:
    with TestClient(create_app(settings_for(NOWHERE, docs_enabled=False))) as client:
        answer = client.get("/")
        assert answer.status_code == 200
        assert answer.json()["tasks"] == "/api/{user_id}/tasks"
        assert answer.json()["health"] == "/health/ready"
        for address in ("docs", *Elements(page()).loaded):
            require_problem(client.get(f"/{address}"), 404, "not_found")
