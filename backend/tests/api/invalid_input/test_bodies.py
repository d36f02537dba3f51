"""Hostile bodies: JSON that is none, or too clever, media types, field limits (lines 1 to 10)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

Headers = dict[str, str]
JSON = {"Content-Type": "application/json"}
VERBS = ["create", "replace", "patch", "complete"]
WHOLE = f'{{"user_id": 1, "title": "{MARK}", %s}}'
PLAIN = WHOLE % '"order": 1'


def whole(member: str) -> bytes:
    """A task that is valid but for this member."""
    return (WHOLE % member).encode()


MALFORMED = {
    "1 NUL": whole(rf'"description": "{MARK}\u0000"'),
    "1 NUL in a tag": whole(r'"tags": ["\u0000"]'),
    "1 NUL in a name": whole(r'"\u0000": 1'),
    "1 NUL in what is ignored": whole(r'"url": [{"a": "\u0000"}]'),
    "1 raw NUL": whole('"description": "\0"'),
    "2 high surrogate": whole(r'"description": "\ud800"'),
    "2 low surrogate": whole(r'"description": "\udc00"'),
    "2 surrogates the wrong way round": whole(r'"description": "\ude00\ud83d"'),
    "2 surrogate in a tag": whole(r'"tags": ["\ud800x"]'),
    "2 surrogate in a name": whole(r'"\ud800": 1'),
    "3 NaN": whole('"order": NaN'),
    "3 Infinity": whole('"order": Infinity'),
    "3 -Infinity": whole('"order": -Infinity'),
    "3 1e400": whole('"order": 1e400'),
    "3 -1e400 in what is ignored": whole('"id": [-1e400]'),
    "5 nested arrays": whole('"tags": ' + "[" * 100_000 + "]" * 100_000),
    "5 nested objects": whole('"id": ' + '{"a":' * 100_000 + "1" + "}" * 100_000),
    "5 nested and never closed": b"[" * 100_000,
    "5 integer of 5,000 digits": whole('"order": ' + "9" * 5000),
    "5 integer of 5,000 digits in what is ignored": whole('"id": -' + "9" * 5000),
    "6 invalid UTF-8": whole('"description": "?"').replace(b"?", b"\xff"),
    "6 overlong UTF-8": whole('"description": "?"').replace(b"?", b"\xc0\xaf"),
    "6 surrogate in UTF-8": whole('"description": "?"').replace(b"?", b"\xed\xa0\x80"),
    "6 Latin-1": whole('"description": "ä"').decode().encode("latin-1"),
    "6 UTF-16": PLAIN.encode("utf-16"),
    "6 UTF-16 without a BOM": PLAIN.encode("utf-16-le"),
    "6 UTF-32": PLAIN.encode("utf-32"),
    "6 BOM": PLAIN.encode("utf-8-sig"),
    "7 duplicate": whole('"title": "b"'),
    "7 duplicate of the same value": whole('"user_id": 1'),
    "7 duplicate in disguise": whole(r'"t\u0069tle": "b"'),
    "7 duplicate in what is ignored": whole('"id": {"a": 1, "a": 2}'),
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

    def __init__(self, client: RecordingClient, surface: Surface) -> None:
        self._client = client
        self._surface = surface
        created = client.request(**vars(surface.create(1, title="kept"))).json()
        self._before = [created]
        verbs = {**surface.verbs(1, created["id"]), "create": surface.create(1)}
        self.requests = {verb: verbs[verb] for verb in VERBS}

    def refused(
        self, verb: str, content: object, status: int, code: str, headers: Headers = JSON
    ) -> dict[str, Any]:
        """The problem that the body (bytes, or what becomes JSON) is answered with."""
        request = self.requests[verb]
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        response = self._client.request(request.method, request.url, content=body, headers=headers)
        assert self._client.recorder.statements == [], verb
        return require_problem(response, status, code)

    def require_nothing_written(self) -> None:
        assert self._client.get(self._surface.tasks(1)).json() == self._before


@pytest.fixture
def writes(client: RecordingClient, surface: Surface) -> Iterator[Writes]:
    writes = Writes(client, surface)
    yield writes
    writes.require_nothing_written()


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("content", MALFORMED.values(), ids=list(MALFORMED))
def test_1_to_7_what_is_not_strict_json_is_malformed(writes: Writes, content: bytes) -> None:
    name = next(name for name, body in MALFORMED.items() if body is content)
    is_json = name[0] in "127" or "1e400" in name or name.startswith("only")
    is_json &= "raw" not in name
    for verb in writes.requests:  # well-formed JSON that is not taken: test_json_text.py
        code = "validation_error" if is_json else "malformed_json"
        assert ("errors" in writes.refused(verb, content, 400, code)) == is_json


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("start", ["[", '{"a":'], ids=["arrays", "objects"])
def test_5_nesting_of_any_depth_is_refused(client: RecordingClient, start: str) -> None:
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
@pytest.mark.parametrize("name", [MARK, "Title", "title ", "deleted_at", "__class__", ""])
def test_8_an_unknown_field_is_refused(writes: Writes, name: str) -> None:
    for verb in writes.requests:
        known = {"completed": True} if verb == "complete" else {"title": "x", "user_id": 1}
        problem = writes.refused(verb, {**known, name: MARK}, 400, "validation_error")
        places = [(error["loc"], error["code"]) for error in problem["errors"]]
        assert places == [("body", "unknown_field")]


@pytest.mark.requirement("FR-12")
@pytest.mark.parametrize("headers", MEDIA_TYPES.values(), ids=list(MEDIA_TYPES))
def test_9_another_media_type_is_refused(writes: Writes, headers: Headers) -> None:
    for verb in writes.requests:
        writes.refused(verb, f'{{"title": {MARK}'.encode(), 415, "unsupported_media_type", headers)


@pytest.mark.requirement("FR-05", "FR-12")
def test_9_only_a_patch_is_a_merge_patch(writes: Writes) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    for verb in ("create", "replace"):
        writes.refused(verb, PLAIN.encode(), 415, "unsupported_media_type", headers)


@pytest.mark.parametrize("kind", ["Application/JSON", 'application/json ; charset="UTF-8"'])
def test_9_json_by_another_spelling_of_its_name_is_taken(
    client: RecordingClient, surface: Surface, kind: str
) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "identity"}
    url = surface.create(1).url
    assert client.post(url, content=PLAIN.encode(), headers=headers).status_code == 201
