"""What the database renders is what the response's schema would write, byte for byte."""

import json
import unicodedata
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Connection

from backend.api.schemas.tasks import TaskRead
from backend.models.task import MAX_ID, tasks
from backend.queries.rendering import shown
from backend.tests.support.api import Api
from backend.tests.support.recorder import RecordingClient

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
CONTENTS = st.fixed_dictionaries(
    {"title": TEXT.map(lambda text: f"x{text[:190]}x")},
    optional={
        "description": TEXT | st.none(),
        "tags": st.lists(TEXT.map(lambda text: f"x{text[:40]}x"), max_size=5),
        "priority": st.sampled_from(["none", "low", "medium", "high"]),
        "order": st.integers(-MAX_ID - 1, MAX_ID) | st.none(),
        "due_at": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    },
)
LIST = TypeAdapter(list[TaskRead])
EVERY_CHARACTER = "".join(map(chr, [*range(1, 0x2100), *range(0xE000, 0xE010), 0xFFFD, 0x1F600]))
EXTREMES: list[dict[str, Any]] = [
    {"title": "x"},
    {"title": "\\\"'%s%%:x", "description": EVERY_CHARACTER, "tags": ['a"b\\', "ü", "{}", "null"]},
    {"title": "x", "description": "", "completed": True, "priority": "high", "tags": []},
    {"title": "x", "order": MAX_ID, "due_date": "9999-12-31", "priority": "low"},
    {"title": "x", "order": -MAX_ID - 1, "due_date": "0001-01-01", "priority": "medium"},
    {"title": "x", "order": 0, "due_at": "0001-01-01T00:00:00.000000Z"},
    {"title": "x", "due_at": "9999-12-31T23:59:59.999999Z"},
    {"title": "x", "due_at": "2026-11-21T07:45:33.000001+05:30"},
    {"title": "x", "due_at": "2026-11-21T07:45:33.120Z"},
    {"title": "x", "repeat": "FREQ=YEARLY", "repeat_from": "completion", "repeat_zone": "UTC"},
]


def by_schema(body: bytes) -> bytes:
    """The same task, read and written by the schema alone."""
    return TaskRead.model_validate_json(body).model_dump_json().encode()


def test_the_fields_are_those_of_the_schema_in_its_order() -> None:
    assert [column.name for column in shown(tasks.c)] == list(TaskRead.model_fields)


def same(answered: Any, sent: Any) -> bool:
    """Instants may be spelled otherwise; text is kept in NFC."""
    if isinstance(sent, str) and sent[4:5] == "-" and "T" in sent:
        return datetime.fromisoformat(answered) == datetime.fromisoformat(sent)
    form = unicodedata.normalize
    return bool(answered == (form("NFC", sent) if isinstance(sent, str) else sent))


@pytest.mark.requirement("NFR-13", "FR-02")
@pytest.mark.parametrize("content", EXTREMES, ids=",".join)
def test_every_answer_is_as_the_schema_would_write_it(api: Api, content: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "k"}
    created, replayed = (api.create(**content, headers=key) for _ in range(2))
    assert created.content == replayed.content == by_schema(created.content)
    task = created.json()
    assert all(same(task[name], value) for name, value in content.items())
    for request in api.verbs(task["id"]).values():
        answer = api.send(request)
        if answer.content:
            assert answer.content == by_schema(answer.content)
    listed = api.list().content
    assert listed == LIST.dump_json(LIST.validate_json(listed))


@pytest.mark.requirement("NFR-13")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=CONTENTS)
def test_any_content_is_as_the_schema_would_write_it(
    client: RecordingClient, content: dict[str, Any]
) -> None:
    created = client.post("/api/1/tasks", json=content)
    assert created.status_code == 201, created.text
    assert created.content == by_schema(created.content)
    assert client.get(created.headers["location"]).content == created.content


@pytest.mark.requirement("NFR-13")
def test_instants_always_have_six_digits(client: RecordingClient, below: Connection) -> None:
    task = client.post("/api/1/tasks", json={"title": "x"}).json()
    for fraction, text in (("", ".000000"), (".1", ".100000"), (".000001", ".000001")):
        stored = f"2026-11-21T07:45:33{fraction}Z"
        below.exec_driver_sql("UPDATE tasks SET created_at = %s", (stored,))
        read = client.get(f"/api/1/tasks/{task['id']}")
        assert read.json()["created_at"] == f"2026-11-21T07:45:33{text}Z"
        assert read.content == by_schema(read.content)


def test_lists_are_one_line_without_spaces(client: RecordingClient) -> None:
    for title in ("a", "b"):
        client.post("/api/1/tasks", json={"title": title, "tags": ["x", "y"]})
    listed = client.get("/api/1/tasks")
    assert listed.text == json.dumps(listed.json(), separators=(",", ":"))
    assert client.get("/api/2/tasks").text == "[]"
