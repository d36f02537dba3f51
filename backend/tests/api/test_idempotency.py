"""A create that names a key may be repeated: there is one task, and one answer."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, NullPool, create_engine

from backend.tests.support.api import Api
from backend.tests.support.arena import Arena
from backend.tests.support.below import rows
from backend.tests.support.contents import CONTENT, DEFAULTS
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface

pytestmark = pytest.mark.requirement("FR-18")

KEY = "6f1a2c9e"
OTHER: dict[str, Any] = CONTENT | {"title": MARK, "due_at": "2026-11-24T10:00:00Z"}
CONTENTS = {
    "least": {"title": "x"},
    "all": CONTENT,
    "instant": {"title": "x", "due_at": "2026-11-24T23:59:59.123456+05:45", "order": 2**63 - 1},
    "odd": {"title": "Ça, \u0049\u0307 'x' \\ %s", "description": "", "tags": ["", "a", "a "][1:]},
}
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
KEYS = {
    "one": "x",
    "spaces": "my first  key",
    "longest": (PRINTABLE * 3)[:255],
    "quoted": '"6f1a", %s; {}',
}


def post(api: Api, key: str = KEY, **content: Any) -> Any:
    headers = {"Idempotency-Key": key}
    return api.create(headers, **{"title": "Buy milk"} | content)


def require_replay(replay: Any, first: Any) -> None:
    """The very answer of the first use, saying that it is one."""
    assert (first.status_code, replay.status_code) == (201, 201), first.text + replay.text
    assert replay.content == first.content
    for name in ("location", "etag", "content-type"):
        assert replay.headers[name] == first.headers[name]
    assert replay.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_repeated_create_returns_the_first_answer_whatever_became_of_the_task(
    arena: Arena, surface: Surface, content: dict[str, Any]
) -> None:
    api = arena.api(surface)
    first = post(api, **content)
    task = first.json()
    assert api.read(task["id"]).content == first.content
    for verb in (None, "replace", "toggle", "delete", "restore"):
        if verb:
            assert api.do(verb, task["id"]).is_success
        before = api.list().content
        require_replay(post(api, **content), first)
        listed = api.list()
        made = [one for one in listed.json() if one["repeat_of"] is None]
        assert (listed.content, len(made)) == (before, int(verb != "delete"))
    assert api.delete_all().status_code == 204
    require_replay(post(api, **content), first)


@pytest.mark.parametrize("field", OTHER)
def test_a_key_with_other_content_is_422_and_makes_nothing(
    api: Api, below: Connection, field: str
) -> None:
    assert post(api).status_code == 201
    before = rows(below)
    response = post(api, **{field: OTHER[field]})
    require_problem(response, 422, "idempotency_key_reused", KEY)
    assert "idempotent-replayed" not in response.headers
    assert post(api).headers["idempotent-replayed"] == "true"
    assert rows(below) == before


def test_the_same_content_spelled_otherwise_is_the_same(api: Api, below: Connection) -> None:
    content: dict[str, Any] = {
        "title": "Größe",
        "due_at": "2026-11-24T23:30:00Z",
        "tags": ["home", "é"],
    }
    first = post(api, **content)
    before = rows(below)
    request = api.surface.create(1, **content)
    whole = DEFAULTS | request.json | {"user_id": 1}
    spellings: list[dict[str, Any]] = [
        {name: whole[name] for name in sorted(whole, reverse=True)},
        request.json | {"title": "\u2003 Größe\n"},
        request.json | {"due_at": "2026-11-25t01:30:00.000+02:00"},
        request.json | {"tags": [" home", "é ", "home"]},
        first.json(),
        whole | {"id": 999, "revision": None, "url": 1, "created_at": "", "updated_at": []},
    ]
    headers = {"Idempotency-Key": KEY, "Content-Type": "application/json; charset=UTF-8"}
    for body in spellings:
        for text in (json.dumps(body), json.dumps(body, ensure_ascii=False, indent="\t") + "\n"):
            replay = api.client.post(request.url, content=text.encode(), headers=headers)
            require_replay(replay, first)
    assert rows(below) == before


@pytest.mark.threat(21)
def test_keys_of_different_owners_never_meet(api: Api) -> None:
    firsts = [post(api.of(owner), title=f"of {owner}") for owner in (1, 2)]
    assert [first.status_code for first in firsts] == [201, 201]
    for owner, first in zip((1, 2), firsts, strict=True):
        require_replay(post(api.of(owner), title=f"of {owner}"), first)
        assert first.json()["user_id"] == owner
        assert api.of(owner).list().json() == [first.json()]


@pytest.mark.parametrize(("one", "other"), [(PRIMARY, FLAT), (FLAT, PRIMARY)])
def test_a_key_is_the_same_on_both_surfaces(
    client: RecordingClient, one: Surface, other: Surface
) -> None:
    first = post(Api(client, one))
    require_replay(post(Api(client, other)), first)
    require_problem(post(Api(client, other), title="x"), 422, "idempotency_key_reused")


def test_a_create_that_is_refused_does_not_use_up_its_key(api: Api, below: Connection) -> None:
    before = rows(below)
    url, headers = api.surface.create(1).url, {"Idempotency-Key": KEY}
    assert post(api, title=" ").status_code == 400
    assert api.client.post(url, content=b"{}", headers=headers).status_code == 415
    assert rows(below) == before
    first = post(api)
    assert first.status_code == 201
    require_replay(post(api), first)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_any_printable_text_is_a_key(arena: Arena, surface: Surface, key: str) -> None:
    api = arena.api(surface)
    first = post(api, key)
    require_replay(post(api, key), first)
    others = {key.swapcase(), key[:-1] + "~", key.replace("  ", " ")} - {key}
    answers = [post(api, other) for other in others]
    assert all("idempotent-replayed" not in answer.headers for answer in answers)
    assert len(api.list().json()) == 1 + len(others)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", b"caf\xc3\xa9", b"\x7f"])
def test_anything_else_is_no_key(api: Api, below: Connection, key: Any) -> None:
    before = rows(below)
    problem = require_problem(post(api, key), 400, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == ["header.Idempotency-Key"]
    assert rows(below) == before


def test_a_key_counts_for_24_hours_by_the_clock_of_the_database(
    api: Api, below: Connection
) -> None:
    """Within the test's transaction that clock stands still."""
    first = post(api)
    lasts = "SELECT expires_at - now() = interval '24 hours' FROM idempotency_keys"
    assert below.exec_driver_sql(lasts).scalar_one()
    move = "UPDATE idempotency_keys SET expires_at = now() + interval '{} microseconds'"
    below.exec_driver_sql(move.format(1))
    require_replay(post(api), first)
    require_problem(post(api, title="x"), 422, "idempotency_key_reused")
    below.exec_driver_sql(move.format(0))
    second = post(api, title="x")
    assert (second.status_code, second.json()["title"]) == (201, "x")
    assert api.list().json() == [first.json(), second.json()]
    assert below.exec_driver_sql(lasts).scalar_one()
    require_replay(post(api, title="x"), second)
    require_problem(post(api), 422, "idempotency_key_reused")


def twenty(arena: Arena, api: Api, title: str) -> list[httpx.Response]:
    """Twenty creates at once with one key; the title may hold the number of each."""
    return arena.at_once(api.owner, 20, lambda n: post(api, title=title.format(n)))


@pytest.mark.threat(37)
@pytest.mark.parametrize("state", ["of a new owner", "new", "expired"])
def test_twenty_equal_creates_at_once_with_a_key_make_one_task(
    arena: Arena, surface: Surface, state: str
) -> None:
    for _ in range(3):
        api = arena.api(surface)
        if state != "of a new owner":
            post(api, KEY if state == "expired" else "other")
        with create_engine(arena.database, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql("UPDATE idempotency_keys SET expires_at = now()")
        answers = twenty(arena, api, "same")
        [first] = [one for one in answers if "idempotent-replayed" not in one.headers]
        for replay in answers:
            if replay is not first:
                require_replay(replay, first)
        listed = api.list().json()
        assert [task for task in listed if task["title"] == "same"] == [first.json()]
        assert len(listed) == (1 if state == "of a new owner" else 2)


def test_of_twenty_different_creates_at_once_with_a_key_one_is_done(
    arena: Arena, surface: Surface
) -> None:
    for _ in range(3):
        api = arena.api(surface)
        answers = twenty(arena, api, "{}")
        [done] = [answer for answer in answers if answer.status_code == 201]
        for answer in answers:
            if answer is not done:
                require_problem(answer, 422, "idempotency_key_reused")
        assert api.list().json() == [done.json()]
