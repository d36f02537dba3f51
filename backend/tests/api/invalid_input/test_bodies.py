"""Hostile bodies: JSON that is none, or too clever, and media types."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient

Headers = dict[str, str]
JSON = {"Content-Type": "application/json"}
VERBS = ["create", "replace", "patch", "complete"]
WHOLE = f'{{"user_id": 1, "title": "{MARK}", %s}}'
PLAIN = WHOLE % '"order": 1'


def whole(member: str) -> bytes:
    """A task that is valid but for this member."""
    return (WHOLE % member).encode()


MALFORMED = {
    "NUL": whole(rf'"description": "{MARK}\u0000"'),
    "NUL in a tag": whole(r'"tags": ["\u0000"]'),
    "NUL in a name": whole(r'"\u0000": 1'),
    "NUL in what is ignored": whole(r'"url": [{"a": "\u0000"}]'),
    "raw NUL": whole('"description": "\0"'),
    "high surrogate": whole(r'"description": "\ud800"'),
    "low surrogate": whole(r'"description": "\udc00"'),
    "surrogates the wrong way round": whole(r'"description": "\ude00\ud83d"'),
    "surrogate in a tag": whole(r'"tags": ["\ud800x"]'),
    "surrogate in a name": whole(r'"\ud800": 1'),
    "NaN": whole('"order": NaN'),
    "Infinity": whole('"order": Infinity'),
    "3 -Infinity": whole('"order": -Infinity'),
    "1e400": whole('"order": 1e400'),
    "3 -1e400 in what is ignored": whole('"id": [-1e400]'),
    "nested arrays": whole('"tags": ' + "[" * 100_000 + "]" * 100_000),
    "nested objects": whole('"id": ' + '{"a":' * 100_000 + "1" + "}" * 100_000),
    "nested and never closed": b"[" * 100_000,
    "integer of 5,000 digits": whole('"order": ' + "9" * 5000),
    "integer of 5,000 digits in what is ignored": whole('"id": -' + "9" * 5000),
    "invalid UTF-8": whole('"description": "?"').replace(b"?", b"\xff"),
    "overlong UTF-8": whole('"description": "?"').replace(b"?", b"\xc0\xaf"),
    "surrogate in UTF-8": whole('"description": "?"').replace(b"?", b"\xed\xa0\x80"),
    "Latin-1": whole('"description": "ä"').decode().encode("latin-1"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a BOM": PLAIN.encode("utf-16-le"),
    "UTF-32": PLAIN.encode("utf-32"),
    "BOM": PLAIN.encode("utf-8-sig"),
    "duplicate": whole('"title": "b"'),
    "duplicate of the same value": whole('"user_id": 1'),
    "duplicate in disguise": whole(r'"t\u0069tle": "b"'),
    "duplicate in what is ignored": whole('"id": {"a": 1, "a": 2}'),
    "only white space": b" \n",
    "cut short": PLAIN[:-1].encode(),
    "two values": (PLAIN + PLAIN).encode(),
    "comma at the end": whole('"order": 1,'),
    "comment": whole('"order": 1 /* no */'),
    "control character": whole(f'"description": "{MARK}\n"'),
    "no JSON": f"title={MARK}".encode(),
}
MEDIA_TYPES: dict[str, Headers] = {
    "none": {},
    "empty": {"Content-Type": ""},
    "text": {"Content-Type": "text/plain"},
    "form": {"Content-Type": "application/x-www-form-urlencoded"},
    "multipart": {"Content-Type": f"multipart/form-data; boundary={MARK}"},
    "other": {"Content-Type": f"application/{MARK}+json"},
    "nearly": {"Content-Type": "application/jsonp"},
    "two": {"Content-Type": "application/json, text/plain"},
    "UTF-16": {"Content-Type": "application/json; charset=utf-16"},
    "gzip": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    "br": {"Content-Type": "application/json", "Content-Encoding": f"{MARK}, br"},
}


class Writes:
    """Each request that writes, with a body that must not reach the database."""

    def __init__(self, api: Api) -> None:
        self._api = api
        created = api.made(title="kept")
        self._before = [created]
        verbs = {**api.verbs(created["id"]), "create": api.surface.create(1)}
        self.requests = {verb: verbs[verb] for verb in VERBS}

    def refused(
        self, verb: str, content: object, status: int, code: str, headers: Headers = JSON
    ) -> dict[str, Any]:
        """The problem that the body (bytes, or what becomes JSON) is answered with."""
        request = self.requests[verb]
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        response = self._api.client.request(
            request.method, request.url, content=body, headers=headers
        )
        assert self._api.statements == [], verb
        return require_problem(response, status, code)

    def require_nothing_written(self) -> None:
        assert self._api.list().json() == self._before


@pytest.fixture
def writes(api: Api) -> Iterator[Writes]:
    writes = Writes(api)
    yield writes
    writes.require_nothing_written()


WELL_FORMED = ("NUL", "surrogate", "duplicate", "1e400", "only")
"""Kinds of bodies that are JSON, but none that we take."""


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(1, 2, 3, 5, 6, 7)
@pytest.mark.parametrize("content", MALFORMED.values(), ids=list(MALFORMED))
def test_what_is_not_strict_json_is_malformed(writes: Writes, content: bytes) -> None:
    name = next(name for name, body in MALFORMED.items() if body is content)
    is_json = (
        any(kind in name for kind in WELL_FORMED) and "raw" not in name and "UTF-8" not in name
    )
    for verb in writes.requests:  # well-formed JSON that is not taken: test_json_text.py
        code = "validation_error" if is_json else "malformed_json"
        assert ("errors" in writes.refused(verb, content, 400, code)) == is_json


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(5)
@pytest.mark.parametrize("start", ["[", '{"a":'], ids=["arrays", "objects"])
def test_nesting_of_any_depth_is_refused(client: RecordingClient, start: str) -> None:
    """Also where the parser can just follow, and what comes after it cannot."""
    end = "]" if start == "[" else "}"
    codes = {}
    for depth in (50, 300, *range(860, 1000, 10), 1000, 5000):
        content = whole(f'"tags": {start * depth}1{end * depth}')
        response = client.post("/api/1/tasks", content=content, headers=JSON)
        assert (response.status_code, len(response.content) < 1000) == (400, True), depth
        codes[depth] = response.json()["code"]
    assert codes[50] == codes[300] == "validation_error"
    assert codes[1000] == codes[5000] == "malformed_json"
    assert set(codes.values()) == {"validation_error", "malformed_json"}


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("body", [[], [1], True, 1, "x", [{"title": MARK}], MARK, [[MARK, 1]]])
def test_a_body_that_is_no_object_is_refused(writes: Writes, body: object) -> None:
    for verb in writes.requests:
        problem = writes.refused(verb, body, 400, "validation_error")
        assert {error["loc"].partition(".")[0] for error in problem["errors"]} == {"body"}


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(8)
@pytest.mark.parametrize("name", [MARK, "Title", "title ", "deleted_at", "__class__", ""])
def test_an_unknown_field_is_refused(writes: Writes, name: str) -> None:
    for verb in writes.requests:
        known = {"completed": True} if verb == "complete" else {"title": "x", "user_id": 1}
        problem = writes.refused(verb, {**known, name: MARK}, 400, "validation_error")
        places = [(error["loc"], error["code"]) for error in problem["errors"]]
        assert places == [("body", "unknown_field")]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(9)
@pytest.mark.parametrize("headers", MEDIA_TYPES.values(), ids=list(MEDIA_TYPES))
def test_another_media_type_is_refused(writes: Writes, headers: Headers) -> None:
    for verb in writes.requests:
        writes.refused(verb, f'{{"title": {MARK}'.encode(), 415, "unsupported_media_type", headers)


@pytest.mark.requirement("FR-05", "FR-12")
@pytest.mark.threat(9)
def test_only_a_patch_is_a_merge_patch(writes: Writes) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    for verb in ("create", "replace"):
        writes.refused(verb, PLAIN.encode(), 415, "unsupported_media_type", headers)


@pytest.mark.threat(9)
@pytest.mark.parametrize("kind", ["Application/JSON", 'application/json ; charset="UTF-8"'])
def test_json_by_another_spelling_of_its_name_is_taken(api: Api, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "identity"}
    url = api.surface.create(1).url
    assert api.client.post(url, content=PLAIN.encode(), headers=headers).status_code == 201


@pytest.mark.requirement("FR-12")
def test_a_long_list_is_refused_before_its_items_are_looked_at(api: Api) -> None:
    """300,000 wrong tags once kept the whole process busy for a quarter of a minute."""
    response = api.create(title="x", tags=[1] * 300_000)
    require_problem(response, 400, "validation_error")
    assert len(response.json()["errors"]) == 1


@pytest.mark.requirement("FR-12")
def test_an_object_with_endless_members_is_refused(api: Api) -> None:
    members = {f"{MARK}{number}": 1 for number in range(40_000)}
    response = api.create(title="x", **members)
    require_problem(response, 400, "validation_error")
