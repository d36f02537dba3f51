"""Headers of every answer, and a page of documentation that needs no exception from them."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from backend.api.openapi.page import PAGE, POLICY
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.secured import require_secured
from backend.tests.support.server import Server

REVALIDATE = "private, no-cache"
ORIGIN = "http://localhost:3000"


@pytest.mark.requirement("FR-12")
def test_what_has_an_etag_may_be_kept_by_its_client_and_by_no_one_else(api: Api) -> None:
    created = api.create(title="x")
    require_secured(created)
    for url in (api.task(created.json()["id"]), api.tasks()):
        read = api.client.get(url)
        require_secured(read, REVALIDATE)
        require_secured(api.client.head(url), REVALIDATE)
        known = api.client.get(url, headers={"If-None-Match": read.headers["etag"]})
        assert known.status_code == 304
        require_secured(known, REVALIDATE)  # as the 200 had it (RFC 9110, 15.4.5)


@pytest.mark.requirement("FR-12")
def test_nothing_else_is_kept(api: Api) -> None:
    task = api.create(title="x").json()
    for verb, request in api.verbs(task["id"]).items():
        if verb not in {"read", "head"}:
            require_secured(api.send(request))
    for url in ("/health/live", "/health/ready", "/openapi.json", "/nowhere", api.of(0).tasks()):
        require_secured(api.client.get(url))
        require_secured(api.client.head(url))


@pytest.mark.requirement("FR-14")
def test_preflights_and_options_carry_them_too(api: Api) -> None:
    for origin, status in ((ORIGIN, 200), ("https://other.example", 400)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        preflight = api.client.options(api.tasks(), headers=headers)
        assert preflight.status_code == status
        require_secured(preflight)
    require_secured(api.client.options(api.tasks()))


@pytest.mark.requirement("FR-12")
def test_a_body_that_is_refused_carries_them_too(client: RecordingClient) -> None:
    refused = client.post("/api/1/tasks", content=bytes(1_048_577))
    require_problem(refused, 413, "payload_too_large")
    require_secured(refused)


@pytest.mark.requirement("FR-12")
def test_the_real_server_sends_them(server: Server) -> None:
    require_secured(server.client.get("/api/1/tasks"), REVALIDATE)
    require_secured(server.client.get("/api/0/tasks"))


@pytest.mark.requirement("FR-12")
def test_no_answer_tells_what_runs_here(server: Server) -> None:
    """No version, of whatever gave the answer (RFC 9110, 10.2.4)."""
    for url in ("/api/1/tasks", "/api/0/tasks", "/nowhere", "/docs", "/health/ready"):
        headers = server.client.get(url).headers
        assert not re.search(r"\d", headers.get("server", ""))
        assert not {name for name in headers if name.startswith(("x-powered", "x-aspnet", "via"))}


class Elements(HTMLParser):
    """The elements of a page, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts.append(data)


def sources(directive: str) -> list[str]:
    """What the page's policy allows for one kind of thing."""
    directives = dict(part.split(" ", 1) for part in POLICY.split("; "))
    return directives[directive].split()


@pytest.mark.requirement("FR-13")
def test_the_page_of_the_documentation_carries_its_own_policy(client: RecordingClient) -> None:
    page = client.get("/docs")
    assert (page.status_code, page.text) == (200, PAGE)
    require_secured(page, policy=POLICY)
    assert "unsafe" not in POLICY
    assert sources("default-src") == sources("frame-ancestors") == ["'none'"]
    assert sources("connect-src") == ["'self'"]


@pytest.mark.requirement("FR-13")
def test_its_policy_allows_what_the_page_loads_and_nothing_else() -> None:
    """In a browser, too: `owasp.md` tells what headless Chromium showed."""
    elements = Elements(PAGE)
    loaded = {"script": set[str](), "link": set[str]()}
    for tag, attributes in elements.found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        address = attributes.get("src") or attributes.get("href")
        if tag in loaded and address and address != "data:,":
            assert re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", attributes["integrity"] or "")
            assert attributes["crossorigin"] == "anonymous"
            assert re.search(r"@\d+\.\d+\.\d+/", address), "one version"
            loaded[tag].add(address)
    digests = {b64encode(sha256(text.encode()).digest()).decode() for text in elements.scripts}
    assert {*sources("script-src")} == loaded["script"] | {f"'sha256-{one}'" for one in digests}
    assert {*sources("style-src")} == loaded["link"]
