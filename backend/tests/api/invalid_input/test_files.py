"""Files that are wrong, or sent otherwise than as files: nothing is written, and each says why."""

import pytest

from backend.api import transfer
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem

pytestmark = pytest.mark.requirement("FR-51")


@pytest.mark.parametrize(
    ("format", "file", "errors"),
    [
        ("json", '[{"title": "a"},\n{"title": 5},\n{"title": "b", "order": "x"}]', [
            ("body.line.2.title", "invalid"), ("body.line.3.order", "invalid")]),
        ("json", '[{"title": "a"},\n 7]', [("body.line.2", "no_object")]),
        ("json", '[{"title": "a"},\n{"title": ', [("body.line.2", "malformed_json")]),
        ("json", '{"title": "\\ud800"}', [("body.line.1", "unstorable_text")]),
        ("json", '{"title": "a", "due_date": "2026-01-01", "due_at": "2026-01-01T00:00:00Z"}', [
            ("body.line.1.due_at", "two_dues")]),
        ("csv", "title,priority,due_date\na,urgent,2026-13-01\n", [
            ("body.line.2.priority", "invalid"), ("body.line.2.due_date", "invalid")]),
        ("csv", "name\nx\n", [("body.line.2", "no_header")]),
        ("csv", b"title\nGr\xf6\xdfe\n", [("body.line.2", "encoding")]),
        ("ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nDUE:tomorrow\nEND:VTODO\nEND:VCALENDAR\n",
            [("body.line.4.DUE", "invalid")]),
        ("ics", "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:a\r\n", [("body.line.3", "unfinished")]),
        ("ics", "hello", [("body.line.1", "malformed_line")]),
        ("todotxt", "2026-13-01 a\n", [("body.line.1", "invalid")]),
        ("todotxt", b"a\n\xff\n", [("body.line.2", "encoding")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_nothing_is_written(
    api: Api, format: str, file: str, errors: list[tuple[str, str]]
) -> None:
    for dry_run in (True, False):
        problem = require_problem(api.bring(format, file, dry_run=dry_run), 400, "validation_error")
        assert [(error["loc"], error["code"]) for error in problem["errors"]] == errors
    assert api.list().headers["etag"] == '"0-1"'


def test_a_hundred_errors_are_told(api: Api) -> None:
    file = "\n".join('{"title": 5}' for _ in range(200))
    assert len(api.bring("json", file).json()["errors"]) == 100


def test_too_many_tasks_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MAX_TASKS", 2)
    problem = require_problem(api.bring("todotxt", "a\nb\nc\n"), 400, "validation_error")
    assert [(one["loc"], one["code"]) for one in problem["errors"]] == [("body.line.3", "too_many")]
    assert api.brought("todotxt", "a\nb\n")["made"] == 2


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, "--data-binary @FILE"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "--data-binary @FILE"),
        ({"Content-Type": "text/calendar"}, "text/csv"),
        ({"Content-Type": "text/csv; charset=iso-8859-1"}, "UTF-8"),
        ({"Content-Type": ""}, "text/csv"),
        ({"Content-Encoding": "gzip"}, "not compressed"),
    ],
)
def test_another_type_of_body_is_refused_with_the_way_out(
    api: Api, headers: dict[str, str], says: str
) -> None:
    answer = api.bring("csv", "title\nx\n", headers)
    assert says in require_problem(answer, 415, "unsupported_media_type")["detail"]


def test_a_key_is_refused_for_it_adds_nothing(api: Api) -> None:
    answer = api.bring("csv", "title\nx\n", {"Idempotency-Key": "k"})
    problem = require_problem(answer, 400, "validation_error")
    assert [one["code"] for one in problem["errors"]] == ["unsupported_header"]


def test_an_empty_body_is_no_file(api: Api) -> None:
    for kind in ("csv", "ics"):
        require_problem(api.bring(kind, ""), 400, "validation_error")
    assert api.brought("json", "[]")["made"] == 0
    assert api.brought("todotxt", "")["made"] == 0
