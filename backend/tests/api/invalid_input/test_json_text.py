"""Well-formed JSON that no request needs: the answer says what is wrong, where, what is allowed."""

import json
from typing import Any

import pytest

from backend.api.routing.json_text import MAX_DEPTH, MAX_VALUES, parse_json
from backend.errors import FieldError, InvalidRequest, MalformedJson
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

pytestmark = pytest.mark.requirement("FR-12", "NFR-29")

JSON = {"Content-Type": "application/json"}
TASK = f'{{"user_id": 1, "title": "{MARK}", %s}}'
CONTENT = ["title", "description", "completed", "priority", "due_date", "due_at", "tags", "order"]
CONTENT += ["repeat", "repeat_from", "repeat_zone", "parent_id"]
MEGABYTE = 1_000_000


def errors(
    client: RecordingClient, surface: Surface, content: str, verb: str = "create"
) -> list[tuple[str, str, str]]:
    """Where, what and its code, for a body of this text."""
    request = surface.create(1) if verb == "create" else surface.verbs(1, 1)[verb]
    response = client.request(request.method, request.url, content=content.encode(), headers=JSON)
    assert client.recorder.statements == []
    problem = require_problem(response, 400, "validation_error")
    return [(error["loc"], error["message"], error["code"]) for error in problem["errors"]]


@pytest.mark.threat(51)
@pytest.mark.parametrize("text", [r"\u0000", r"\ud800", r"x\udfffy", r"\ude00\ud83d", r"\uD800"])
@pytest.mark.parametrize(
    ("member", "place"),
    [
        ('"description": "%s"', "body.description"),
        ('"tags": ["home", "%s"]', "body.tags.1"),
        ('"priority": "%s"', "body.priority"),
        ('"due_at": "%s"', "body.due_at"),
        ('"order": "%s"', "body.order"),
        ('"url": {"title": ["%s"]}', "body.url.title.0"),
        (f'"url": [{{"{MARK}": "%s"}}]', "body.url.0"),
        (f'"{MARK}": "%s"', "body"),
        ('"%s": 1', "body"),
    ],
)
def test_text_that_no_column_can_hold_is_named_by_its_field(
    client: RecordingClient, surface: Surface, member: str, place: str, text: str
) -> None:
    found = errors(client, surface, TASK % (member % text))
    code = "nul" if text == r"\u0000" else "surrogate"
    assert [(where, kind) for where, _, kind in found] == [(place, code)]


@pytest.mark.threat(51)
@pytest.mark.parametrize("verb", ["create", "replace", "patch", "complete"])
def test_every_verb_with_a_body_names_the_text(
    client: RecordingClient, surface: Surface, verb: str
) -> None:
    found = errors(client, surface, r'{"completed": "\u0000"}', verb)
    assert [(where, kind) for where, _, kind in found] == [("body.completed", "nul")]


@pytest.mark.threat(51)
def test_an_escape_of_a_whole_character_is_text(client: RecordingClient, surface: Surface) -> None:
    content = TASK % r'"tags": ["\ud83d\ude00", "\u00e4", "\\u0000"]'
    response = client.post(surface.create(1).url, content=content, headers=JSON)
    assert response.json()["tags"] == ["😀", "ä", r"\u0000"]


@pytest.mark.threat(74)
@pytest.mark.parametrize(
    ("member", "place", "code", "allowed"),
    [
        ('"title": "b"', "body", "duplicate_name", "each name only once"),
        (r'"t\u0069tle": "b"', "body", "duplicate_name", "each name only once"),
        ('"url": {"order": {"a": 1, "a": 2}}', "body.url.order", "duplicate_name", "only once"),
        ('"order": 1e400', "body.order", "number_out_of_range", "1.8e308"),
        ('"order": -1e400', "body.order", "number_out_of_range", "1.8e308"),
        ('"id": [0, 1E999]', "body.id.1", "number_out_of_range", "1.8e308"),
        (f'"id": {json.dumps({str(n): 1 for n in range(101)})}', "body.id", "too_many_members",
         "at most 100"),
    ],
)  # fmt: skip
def test_json_that_is_not_taken_says_what_is_allowed(
    client: RecordingClient, surface: Surface, member: str, place: str, code: str, allowed: str
) -> None:
    [(where, message, kind)] = errors(client, surface, TASK % member)
    assert (where, kind) == (place, code)
    assert allowed in message


@pytest.mark.threat(74)
@pytest.mark.parametrize("content", [" ", "\n", "\r\n\t "])
@pytest.mark.parametrize("verb", ["create", "replace", "patch", "complete"])
def test_a_body_of_white_space_is_told_so(
    client: RecordingClient, surface: Surface, verb: str, content: str
) -> None:
    [(where, message, code)] = errors(client, surface, content, verb)
    assert (where, code) == ("body", "blank")
    assert "white space" in message


@pytest.mark.threat(74)
@pytest.mark.parametrize("verb", ["create", "replace", "patch", "complete"])
def test_an_unknown_field_is_answered_with_those_that_are_allowed(
    client: RecordingClient, surface: Surface, verb: str
) -> None:
    body = {"title": "x", "user_id": 1} if verb != "complete" else {"completed": True}
    [(where, message, code)] = errors(client, surface, json.dumps({**body, MARK: 1}), verb)
    assert (where, code) == ("body", "unknown_field")
    allowed = {"complete": ["completed"]}.get(verb, CONTENT)
    if verb == "create" and surface.name == "flat":
        allowed = ["user_id", *allowed]
    assert sorted(message.removeprefix("takes only: ").split(", ")) == sorted(allowed)


@pytest.mark.threat(74)
def test_no_message_is_a_regular_expression_and_headers_have_one_spelling(
    client: RecordingClient, surface: Surface
) -> None:
    url, body = surface.create(1).url, {"title": "x", "user_id": 1}
    for headers, place in (
        ([("Idempotency-Key", " " * 300)], "header.Idempotency-Key"),
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "header.Idempotency-Key"),
        ([("Content-Type", JSON["Content-Type"])] * 2, "header.Content-Type"),
        ([("If-Match", '"1"')], "header.If-Match"),
    ):
        sent = headers if headers[0][0] == "Content-Type" else [*headers, *JSON.items()]
        response = client.post(url, content=json.dumps(body), headers=sent)
        problem = require_problem(response, 400, "validation_error")
        assert [error["loc"] for error in problem["errors"]] == [place]
        assert not set("^$\\[") & set(problem["errors"][0]["message"])


@pytest.mark.threat(5, 74, 75)
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"[" * MEGABYTE, f"nested {MAX_DEPTH} deep"),
        (b'{"a":' * 200_000, f"nested {MAX_DEPTH} deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), f"nested {MAX_DEPTH} deep"),
        (b"1" * MEGABYTE, "at most 4300 digits"),
        (b'{"a": -' + b"9" * 4301 + b"}", "at most 4300 digits"),
    ],
)
def test_what_is_too_deep_or_too_long_is_malformed_and_told_why(body: bytes, error: str) -> None:
    with pytest.raises(MalformedJson, match=error):
        parse_json(body)


@pytest.mark.threat(75)
@pytest.mark.parametrize("item", [b"[]", b"{}", b'""', b"1", b"[[]]", b'{"a":""}', b'"\\\\"'])
def test_a_megabyte_of_small_values_is_refused_without_being_parsed(item: bytes) -> None:
    for start, end in ((b"[", b"]"), (b'{"title":[', b"]}")):
        body = start + (item + b",") * (MEGABYTE // (len(item) + 1)) + item + end
        with pytest.raises(InvalidRequest) as caught:
            parse_json(body)
        assert [one.code for one in caught.value.errors] == ["too_many_values"]


@pytest.mark.threat(75)
def test_values_are_counted_and_not_the_marks_inside_of_text() -> None:
    text = '[{,"\\' * 100_000
    assert parse_json(json.dumps({"description": text}).encode()) == {"description": text}
    most: list[Any] = [[1, 2]] * (MAX_VALUES // 3 - 1)
    assert parse_json(json.dumps(most).encode()) == most


@pytest.mark.threat(75)
def test_nesting_up_to_the_limit_is_read_and_its_faults_are_found() -> None:
    for depth in (1, MAX_DEPTH):
        assert parse_json(b"[" * depth + b"]" * depth) is not None
        with pytest.raises(InvalidRequest) as caught:
            parse_json(b"[" * depth + rb'"\u0000"' + b"]" * depth)
        assert caught.value.errors == (
            FieldError("body" + ".0" * depth, "must not contain NUL (U+0000)", "nul"),
        )
