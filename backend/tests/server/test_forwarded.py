"""Behind a proxy every link is right, once; what a stranger claims has no effect."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.edge.forwarded import FIRST_SEGMENTS, Forwarding
from backend.errors import InvalidRequest
from backend.tests.support.databases import settings_for
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.server import Server, running
from backend.tests.support.surfaces import Surface

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NFR-29")]

PROXY, PUBLIC = "127.0.0.1", "https://tasks.example.com"
HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tasks.example.com"}


def scope(*headers: tuple[str, str], peer: str = PROXY, path: str = "/", root: str = "") -> Any:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {
        "type": "http",
        "scheme": "http",
        "client": (peer, 5000),
        "path": path,
        "root_path": root,
        "headers": [(b"host", b"inner:8000"), *raw],
    }


def seen(forwarding: Forwarding, given: Any) -> tuple[str, str, str, str, str]:
    """Scheme, host, prefix, path and client of the request as the application gets it."""
    got = forwarding.applied(given)
    host = dict(got["headers"])[b"host"].decode()
    return got["scheme"], host, got["root_path"], got["path"], got["client"][0]


@pytest.mark.threat(55)
@pytest.mark.parametrize(
    ("trusted", "peer", "is_trusted"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("10.0.0.0/8", "10.200.3.4", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("fd00::/8", "fd12::1", True),
        ("*", "testclient", True),
        ("127.0.0.1", "testclient", False),
    ],
)
def test_only_a_trusted_proxy_is_believed(trusted: str, peer: str, is_trusted: bool) -> None:
    headers = [*HTTPS.items(), ("X-Forwarded-Prefix", "/p"), ("X-Forwarded-For", "192.0.2.1")]
    got = seen(Forwarding((trusted,), None), scope(*headers, peer=peer, path="/health/live"))
    if is_trusted:
        assert got == ("https", "tasks.example.com", "/p", "/p/health/live", "192.0.2.1")
    else:
        assert got == ("http", "inner:8000", "", "/health/live", peer)


@pytest.mark.threat(55)
def test_what_stands_left_of_the_trusted_proxies_words_is_a_claim() -> None:
    """Apache adds its own at the end of what the client sent."""
    claimed = [
        ("X-Forwarded-For", f"{PROXY}, 203.0.113.9, 192.0.2.7"),
        ("X-Forwarded-Host", f"{MARK}.example, tasks.example.com"),
        ("X-Forwarded-Proto", "http, https"),
        ("X-Forwarded-Prefix", f"/{MARK},/p"),
    ]
    got = seen(Forwarding((PROXY,), None), scope(*claimed))
    assert got == ("https", "tasks.example.com", "/p", "/p/", "192.0.2.7")


@pytest.mark.threat(55)
def test_of_two_trusted_proxies_the_outer_one_knows_the_client() -> None:
    chain = [
        ("X-Forwarded-For", "203.0.113.9:4711, 192.0.2.7"),
        ("X-Forwarded-For", "10.0.0.2"),
        ("X-Forwarded-Host", "forged.example, tasks.example.com, inner.example"),
        ("X-Forwarded-Proto", "https, http"),
        ("X-Forwarded-Prefix", "/outer,/inner/"),
    ]
    forwarding = Forwarding((PROXY, "10.0.0.0/8"), None)
    got = seen(forwarding, scope(*chain))
    assert got == ("https", "tasks.example.com", "/outer/inner", "/outer/inner/", "192.0.2.7")


@pytest.mark.threat(55, 73)
@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        *(("https", "https"), ("HTTPS", "https"), ("http", "http"), ("wss", "https")),
        *(("ws", "http"), ("ftp", "http"), ("", "http"), (" https ", "https")),
    ],
)  # fmt: skip
def test_a_link_is_http_or_https(proto: str, scheme: str) -> None:
    forwarding = Forwarding((PROXY,), None)
    assert seen(forwarding, scope(("X-Forwarded-Proto", proto)))[0] == scheme


@pytest.mark.threat(55)
@pytest.mark.parametrize(
    "prefix", ["//a", "a", "/a b", "/../x", "/a/./b", "http://a", "/a?b", "/a%2f", "/<a>", "/a//b"]
)
def test_a_prefix_that_is_no_path_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidRequest):
        Forwarding((PROXY,), None).applied(scope(("X-Forwarded-Prefix", prefix)))


PREFIXES = ["/p", "/tasks-service/v2", "/api", "/api/1", "/health", "/docs"]


@pytest.mark.threat(55)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["/api/1/tasks", "/api/v1/tasks", "/health/live", "/docs", "/"])
def test_a_prefix_is_found_whoever_names_it_and_whoever_removes_it(prefix: str, path: str) -> None:
    """In a header, in --root-path (which uvicorn puts in front) or in PUBLIC_URL; left or cut."""
    plain, public = Forwarding((PROXY,), None), Forwarding((PROXY,), f"{PUBLIC}{prefix}")
    for sent in (path, prefix + path):
        header = scope(("X-Forwarded-Prefix", prefix), path=sent)
        root = scope(path=prefix + sent, root=prefix)
        both = scope(("X-Forwarded-Prefix", prefix), path=prefix + sent, root=prefix)
        for got in (
            plain.applied(header),
            plain.applied(root),
            plain.applied(both),
            public.applied(scope(path=sent)),
        ):
            assert (got["root_path"], got["path"]) == (prefix, prefix + path)


def test_the_first_segments_are_those_of_all_routes(shared_app: FastAPI) -> None:
    paths = {getattr(route, "path", "") for route in shared_app.routes} - {"", "/"}
    assert all(f"{path}/".startswith(FIRST_SEGMENTS) for path in paths), paths


@pytest.fixture(params=["header", "root path", "public url"])
def prefixed(request: pytest.FixtureRequest, database: URL) -> Iterator[TestClient]:
    """The service at /p of another host, told so in each of the three ways."""
    public = f"{PUBLIC}/p" if request.param == "public url" else None
    settings = settings_for(database, public_url=public, forwarded_allow_ips="*")
    root = "/p" if request.param == "root path" else ""
    with TestClient(create_app(settings), root_path=root) as client:
        client.headers.update(HTTPS)
        if request.param == "header":
            client.headers["X-Forwarded-Prefix"] = "/p"
        yield client


@pytest.mark.threat(55)
@pytest.mark.parametrize("left", ["", "/p"], ids=["cut", "left"])
def test_every_link_has_the_prefix_once(prefixed: TestClient, surface: Surface, left: str) -> None:
    create = surface.create(1, title="x")
    made = [prefixed.post(f"{left}{create.url}", json=create.json) for _ in range(2)]
    for response in made:
        task = response.json()
        assert task["url"] == response.headers["location"]
        assert task["url"] == f"{PUBLIC}/p/api/1/tasks/{task['id']}"
    response = prefixed.get(left + surface.tasks(1, "limit=1"))
    [link] = re.findall("<(.*)>", response.headers["link"])
    assert link.startswith(f"{PUBLIC}/p{surface.tasks(1, 'limit=1')}&cursor=")
    following = prefixed.get(link.removeprefix(PUBLIC + ("" if left else "/p")))
    assert [task["id"] for task in following.json()] == [made[1].json()["id"]]
    assert len(prefixed.get(link.removeprefix(PUBLIC)).json()) == 1
    for url in (surface.task(1, 1), surface.tasks(1)):
        allow = prefixed.options(left + url).headers["allow"].split(", ")
        assert {"DELETE", "GET", "HEAD", "OPTIONS"} < set(allow)
        require_problem(prefixed.request("TRACE", left + url), 405, "method_not_allowed")
    assert prefixed.get(f"{left}/health/live").json() == {"status": "ok"}
    document = prefixed.get(f"{left}/openapi.json")
    assert [server["url"] for server in document.json()["servers"]] == ["/p"]
    require_problem(prefixed.get(f"{left}/p/p/p/api/1/tasks"), 404, "not_found")


@pytest.mark.threat(52, 55)
def test_health_below_a_prefix_needs_neither_host_nor_place(prefixed: TestClient) -> None:
    settings: Any = {"trusted_hosts": "tasks.example.com", "forwarded_allow_ips": "*"}
    database = prefixed.app.state.runtime.settings.url  # type: ignore[attr-defined]
    with TestClient(create_app(settings_for(database, **settings)), root_path="/p") as client:
        assert client.get("/p/health/live", headers={"Host": "10.0.0.7:8000"}).status_code == 200
        require_problem(
            client.get("/p/api/1/tasks", headers={"Host": "10.0.0.7"}), 400, "validation_error"
        )
        assert client.get("/p/api/1/tasks", headers=HTTPS).status_code == 200
        for host in ("evil.example", "a:99999", "[::::::]", "a b"):
            response = client.get("/p/api/1/tasks", headers={"X-Forwarded-Host": host})
            require_problem(response, 400, "validation_error")


@pytest.mark.threat(55)
def test_the_server_believes_the_loopback_by_default_and_nobody_if_told_so(
    server: Server, committed_database: URL
) -> None:
    sent = HTTPS | {"X-Forwarded-Prefix": "/p"}
    response = server.client.post("/api/1/tasks", json={"title": "x"}, headers=sent)
    assert response.headers["location"].startswith(f"{PUBLIC}/p/api/1/tasks/")
    with running(committed_database, FORWARDED_ALLOW_IPS="192.0.2.1") as other:
        response = other.client.post("/api/1/tasks", json={"title": "x"}, headers=sent)
        assert response.headers["location"].startswith(f"{other.client.base_url}/api/1/tasks/")
