"""Front ends of every kind, told to a browser as it needs it (Fetch, "CORS protocol")."""

import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.edge.origins import MAX_REPORTED, OriginRule
from backend.tests.support.databases import NOWHERE, settings_for
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

pytestmark = pytest.mark.requirement("FR-14", "NFR-29")

ORIGIN = "http://localhost:3000"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
PRIVATE = "Access-Control-Request-Private-Network"


def rule(*listed: str) -> OriginRule:
    return OriginRule(settings_for(NOWHERE, cors_origins=",".join(listed)).cors_origins)


def client_for(origins: str) -> TestClient:
    return TestClient(create_app(settings_for(NOWHERE, cors_origins=origins)))


@pytest.mark.threat(53)
@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("tauri://localhost", "tauri://localhost"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("ionic://localhost", "ionic://localhost"),
        ("app://-", "app://-"),
        ("app://.", "app://."),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop",) * 2,
        ("safari-web-extension://3F2504E0-4F89", "safari-web-extension://3F2504E0-4F89"),
        ("safari-web-extension://3F2504E0-4F89", "safari-web-extension://3f2504e0-4f89"),
        ("moz-extension://*", "moz-extension://3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ("https://*.example.com", "https://a.example.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("https://*.example.com:443", "https://a.example.com"),
        ("https://*.Example.com:8443", "https://a.example.com:8443"),
        ("http://*.localhost:3000", "http://app.localhost:3000"),
        ("http://localhost:*", "http://localhost:5173"),
        ("http://localhost:*", "http://localhost"),
        ("http://[::1]:*", "http://[::1]:3000"),
        ("https://*.example.com:*", "https://a.example.com:9000"),
        ("*", "null"),
        ("https://x.example,tauri://localhost", "tauri://localhost"),
    ],
)
def test_an_origin_is_taken_as_browsers_send_it(listed: str, sent: str) -> None:
    assert rule(listed).takes(sent)


@pytest.mark.threat(53)
@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://aexample.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://evil.example/.example.com"),
        ("https://*.example.com", "https://evil.example#.example.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://a.exampleXcom"),
        ("https://*.example.com", "http://a.example.com"),
        ("https://*.example.com", "https://a.example.com:8443"),
        ("https://*.example.com", "https://a.example.com\n"),
        ("https://*.example.com", "https://" + "a." * 300 + "example.com"),
        ("http://localhost:*", "http://localhost:5173.evil.example"),
        ("http://localhost:*", "http://localhost.evil.example"),
        ("http://localhost:*", "http://localhost:"),
        ("http://localhost:*", "https://localhost:3000"),
        ("moz-extension://*", "chrome-extension://a"),
        ("moz-extension://*", "moz-extension://a/b"),
        ("tauri://localhost", "null"),
        ("https://a.example", "https://a.example."),
        ("https://a.example", ""),
    ],
)
def test_another_origin_is_not(listed: str, sent: str) -> None:
    assert not rule(listed).takes(sent)


@pytest.mark.threat(54)
def test_every_answer_tells_caches_that_it_varies_by_origin(
    client: RecordingClient, surface: Surface
) -> None:
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": "https://other.example"}):
        for url in (surface.tasks(1), surface.task(1, 1), "/nowhere", "/health/live"):
            assert client.get(url, headers=headers).headers.get_list("vary") == ["Origin"]
    everywhere = client_for("*").get("/health/live")
    assert everywhere.headers["vary"] == "Origin"


@pytest.mark.threat(54)
def test_what_takes_a_patch_says_of_which_kind(client: RecordingClient, surface: Surface) -> None:
    """RFC 5789, 2.2 and 3.1."""
    kinds = "application/json, application/merge-patch+json"
    for url in (surface.task(1, 1), surface.task(1, 1, "/complete")):
        assert client.options(url).headers["accept-patch"] == kinds
        response = client.patch(url, content=b"x", headers={"Content-Type": "text/plain"})
        require_problem(response, 415, "unsupported_media_type")
        assert response.headers["accept-patch"] == kinds
    assert "accept-patch" not in client.options(surface.tasks(1)).headers


@pytest.mark.threat(54)
def test_a_private_network_preflight_is_granted_to_a_listed_origin_only(
    client: RecordingClient, surface: Surface
) -> None:
    sent = PREFLIGHT | {PRIVATE: "true"}
    granted = client.options(surface.task(1, 1), headers=sent)
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-private-network"] == "true"
    other = client.options(surface.task(1, 1), headers=sent | {"Origin": "https://other.example"})
    require_problem(other, 400, "validation_error")
    assert "access-control-allow-private-network" not in other.headers
    anybody = client_for("*").options(surface.task(1, 1), headers=sent)
    assert anybody.status_code == 200
    assert "access-control-allow-private-network" not in anybody.headers


def test_retry_after_can_be_read_by_a_script_and_is_in_the_document() -> None:
    client = client_for(ORIGIN)
    exposed = client.get("/health/live", headers={"Origin": ORIGIN}).headers
    assert "Retry-After" in exposed["access-control-expose-headers"].split(", ")
    document = client.get("/openapi.json").json()
    answers = [
        operation["responses"]["503"]
        for path in document["paths"].values()
        for operation in path.values()
        if "503" in operation["responses"]
    ]
    assert len(answers) > 9
    assert all("Retry-After" in answer["headers"] for answer in answers)


def test_a_refused_origin_is_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    client = client_for(ORIGIN)
    caplog.set_level(logging.WARNING, "backend.cors")
    for headers in (
        {"Origin": "https://other.example"},
        PREFLIGHT | {"Origin": "https://other.example"},
        {"Origin": "null"},
        {"Origin": "https://other.example"},
        {"Origin": ORIGIN},
        {"Origin": "http://testserver"},  # a page of the service itself
    ):
        client.request("OPTIONS" if len(headers) > 1 else "GET", "/health/live", headers=headers)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split("'")[1] for line in lines] == ["https://other.example", "null"]
    assert all("CORS_ORIGINS" in line for line in lines)


def test_refused_origins_cannot_fill_or_forge_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = client_for(ORIGIN)
    caplog.set_level(logging.WARNING, "backend.cors")
    for number in range(2 * MAX_REPORTED):
        origin: Any = f"https://{number}{MARK}\x1b[31m\xe4\u2028".encode() + b"x" * 5000
        client.get("/health/live", headers=[(b"Origin", origin)])
    assert len(caplog.records) == MAX_REPORTED
    for record in caplog.records:
        line = record.getMessage()
        assert len(line) < 1000
        assert line.isascii()
        assert line.isprintable()
