"""A Content-Type of any spelling is taken or refused, and never a fault of ours."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.api.routing.media_types import is_json
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

pytestmark = [pytest.mark.requirement("FR-12", "NFR-29"), pytest.mark.threat(9, 50)]

MANY = "1" * 5000
TAKEN = [
    "application/json",
    "APPLICATION/JSON",
    "application/json;",
    "application/json ; ;",
    "application/json;charset=utf-8",
    "application/json; Charset=UTF8;",
    'application/json;a=";";b=c',
    r'application/json; charset="\ut\f-8"',
    "application/json; charset=utf-8; charset=UTF-8",
    f"application/json; x*{MANY}*=1",
    f"application/json; charset*{MANY}=x",
    f"application/json; charset*0*=utf-8''{MARK}; charset*{MANY}*=y",
]
REFUSED = [
    *("json", "application/", "/json", "application/json+xml", "application//json", "*/*", ";"),
    *("application/json charset=utf-8", "application/json; charset", "application/json; =utf-8"),
    *("application/json; charset=", "application/json; charset = utf-8", "application/json; a=b c"),
    *("application/json; charset=utf-8; charset=utf-16", "application/json; charset=latin-1"),
    *(
        'application/json; charset="utf-8',
        'application/json; charset="\\"',
        "application/json, a/b",
    ),
    *(f"application/{MARK}; charset*{MANY}=x", "application/json\t; @", "application/json; a=\xe4"),
]


@pytest.mark.parametrize("content_type", TAKEN, ids=lambda value: ascii(value[:50]))
def test_every_spelling_of_json_is_taken(
    client: RecordingClient, surface: Surface, content_type: str
) -> None:
    for verb in ("create", "patch"):
        request = surface.create(1) if verb == "create" else surface.verbs(1, 1)[verb]
        headers = {"Content-Type": content_type}
        body = b'{"user_id": 1, "title": "x"}'
        response = client.request(request.method, request.url, content=body, headers=headers)
        assert response.status_code in {200, 201, 404}, response.text


@pytest.mark.parametrize("content_type", REFUSED, ids=lambda value: ascii(value[:50]))
def test_what_is_no_media_type_or_another_one_is_415(
    client: RecordingClient, surface: Surface, content_type: str
) -> None:
    for verb in ("create", "replace", "patch", "complete"):
        request = surface.create(1) if verb == "create" else surface.verbs(1, 1)[verb]
        headers = {b"Content-Type": content_type.encode("latin-1")}
        body = b'{"user_id": 1, "title": "x"}'
        response = client.request(request.method, request.url, content=body, headers=headers)
        require_problem(response, 415, "unsupported_media_type")
        takes = (
            "application/json, application/merge-patch+json" if request.method == "PATCH" else None
        )
        assert response.headers.get("accept-patch") == takes


@pytest.mark.parametrize("coding", ["gzip", "gzip, identity", "deflate;q=1", "x" * 5000, "\xff"])
def test_a_coding_is_415_with_the_one_that_is_taken(
    client: RecordingClient, surface: Surface, coding: str
) -> None:
    headers = {
        b"Content-Type": b"application/json",
        b"Content-Encoding": coding.encode("latin-1"),
    }
    response = client.post(surface.create(1).url, content=b"{}", headers=headers)
    require_problem(response, 415, "unsupported_media_type")
    assert response.headers["accept-encoding"] == "identity"


@given(st.text(st.characters(max_codepoint=255), max_size=60))
@example("application/json;" + " ; " * 9000 + "@")
@example("application/json" + "; " * 9000)
@example('application/json; a="' + "\\a" * 9000)
def test_any_text_is_either_json_or_not(text: str) -> None:
    for content_type in (text, f"application/json{text}", f"application/json; {text}"):
        assert is_json(content_type, patch=False) in {True, False}
