"""Wrong verbs, HEAD, OPTIONS and addresses that are nearly right."""

from itertools import product

import pytest
from fastapi import FastAPI

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.tags import tag_of

DOCUMENTATION = ("/", "/docs", "/openapi.json")
READ_ONLY = ("GET", "HEAD", "OPTIONS")
BELOW_A_SURFACE = {
    "": (*READ_ONLY, "POST", "DELETE"),
    "/7": (*READ_ONLY, "DELETE", "PATCH", "PUT"),
    "/7/complete": ("OPTIONS", "PATCH"),
    "/7/restore": ("OPTIONS", "POST"),
    "/7/move": ("OPTIONS", "POST"),
    "/7/occurrences": READ_ONLY,
    "/restore": ("OPTIONS", "POST"),
    "/batch": ("OPTIONS", "POST"),
    "/changes": READ_ONLY,
    "/summary": READ_ONLY,
    "/events": READ_ONLY,
    "/export": READ_ONLY,
    "/import": ("OPTIONS", "POST"),
}
ALLOWED = {
    **{f"/api/1/tasks{tail}": set(verbs) for tail, verbs in BELOW_A_SURFACE.items()},
    **{f"/api/v1/tasks{tail}": set(verbs) for tail, verbs in BELOW_A_SURFACE.items()},
    **{
        path: set(READ_ONLY)
        for path in ("/health/live", "/health/ready", "/metrics", *DOCUMENTATION)
    },
}
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY", MARK.upper()]
WRONG = [(path, verb) for path, verb in product(ALLOWED, VERBS) if verb not in ALLOWED[path]]
SAME_ID = {"X-Request-ID": "same"}


def allow(header: str) -> set[str]:
    """The methods of an Allow header, each of which must come once."""
    methods = header.split(", ")
    assert len(methods) == len(set(methods))
    return set(methods)


@pytest.mark.requirement("FR-08")
def test_every_documented_operation_is_in_the_table_of_this_file(shared_app: FastAPI) -> None:
    documented = {
        path.replace("{user_id}", "1").replace("{id}", "7"): {verb.upper() for verb in operations}
        for path, operations in shared_app.openapi()["paths"].items()
    }
    table = {path: verbs - {"HEAD", "OPTIONS"} for path, verbs in ALLOWED.items()}
    assert documented == {path: table[path] for path in table if path not in DOCUMENTATION}


@pytest.mark.requirement("FR-12", "FR-08")
@pytest.mark.threat(15)
@pytest.mark.parametrize(("path", "verb"), WRONG)
def test_a_wrong_verb_is_told_all_right_ones(client: RecordingClient, path: str, verb: str) -> None:
    response = client.request(verb, path)
    assert client.recorder.statements == []
    assert allow(response.headers["allow"]) == ALLOWED[path]
    if verb == "HEAD":
        assert (response.status_code, response.content) == (405, b"")
    else:
        require_problem(response, 405, "method_not_allowed")


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(15)
@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_address_is_404_for_every_verb(client: RecordingClient, verb: str) -> None:
    for path in (
        "/api",
        f"/{MARK}",
        f"/api/1/{MARK}",
        f"/api/1/tasks/7/{MARK}",
        "/API/1/tasks",
    ):
        response = client.request(verb, path)
        assert response.status_code == 404
        assert "allow" not in response.headers
        if verb != "HEAD":
            require_problem(response, 404, "not_found")


@pytest.mark.requirement("FR-01", "FR-03", "FR-08")
@pytest.mark.threat(16)
def test_head_answers_as_get_without_a_body(api: Api) -> None:
    _, task = (api.create(title="a").json() for _ in range(2))
    urls = [api.task(task["id"]), api.tasks(), api.tasks("limit=1")]
    urls += [api.of(0).tasks(), api.task(task["id"] + 1), "/nowhere", "/health/live", "/docs"]
    for url in urls:
        get, head = (api.client.request(verb, url, headers=SAME_ID) for verb in ("GET", "HEAD"))
        assert (head.status_code, head.headers) == (get.status_code, get.headers)
        assert int(head.headers["content-length"]) == len(get.content) > 0
        assert head.content == b""
    etag = tag_of(task["revision"])
    assert api.client.head(urls[0]).headers["etag"] == etag
    assert "link" in api.client.head(urls[2]).headers


@pytest.mark.requirement("FR-08")
@pytest.mark.threat(16)
@pytest.mark.parametrize("path", ALLOWED)
def test_options_answers_204_with_the_verbs(client: RecordingClient, path: str) -> None:
    response = client.options(path)
    assert (response.status_code, response.content) == (204, b"")
    assert allow(response.headers["allow"]) == ALLOWED[path]
    assert response.headers["x-request-id"]
    assert client.recorder.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(16)
def test_options_of_an_unknown_address_is_404(client: RecordingClient) -> None:
    require_problem(client.options(f"/api/1/tasks/7/{MARK}"), 404, "not_found")


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(17)
@pytest.mark.parametrize("path", [path for path in ALLOWED if path != "/"])
@pytest.mark.parametrize("tail", ["/", "//", "/?user_id=1"])
def test_a_trailing_slash_redirects_nobody_to_a_foreign_host(
    client: RecordingClient, path: str, tail: str
) -> None:
    headers = {"Host": f"{MARK}.example"}
    for verb in ALLOWED[path] - {"HEAD"}:
        response = client.request(verb, path + tail, headers=headers, follow_redirects=False)
        require_problem(response, 404, "not_found")
        assert "location" not in response.headers
        assert client.recorder.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize(
    "path", ["/api/1/tasks", "/api/1/tasks/7/complete", "/health/live", "/docs"]
)
@pytest.mark.threat(11)
@pytest.mark.parametrize("tail", ["%20", ";x", "%3fx", ".", "%e2%80%a8"])
def test_an_address_has_one_spelling(client: RecordingClient, path: str, tail: str) -> None:
    for verb in VERBS:
        if verb != "HEAD":
            require_problem(client.request(verb, path + tail), 404, "not_found")
            assert client.recorder.statements == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(1)
@pytest.mark.parametrize("path", [*ALLOWED, "/nowhere"])
@pytest.mark.parametrize("tail", ["%0a", "%0d", "%00", "%1b", "%7f"])
def test_a_control_character_in_an_address_is_refused(
    client: RecordingClient, path: str, tail: str
) -> None:
    """`$` of a regular expression matches before a newline, too."""
    for verb in ("GET", "POST", "PATCH", "OPTIONS"):
        require_problem(client.request(verb, path + tail), 400, "validation_error")
        assert client.recorder.statements == []
