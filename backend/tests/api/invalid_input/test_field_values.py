"""Values at and over the limits of a field; text that others would interpret."""

import re
from typing import Any

import pytest

from backend.tests.support.api import Api
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.server import Server

HUGE = 10**30
INVALID: dict[str, list[object]] = {
    "title": [
        "",
        " ",
        "\t\n\r\u00a0\u2003\u3000\u2028\u0085",
        MARK * 26,
        "😀" * 201,
        None,
        1,
        [MARK],
    ],
    "description": [MARK * 1300, 1, {"a": MARK}],
    "completed": ["true", 1, 0, "", MARK],
    "priority": ["", "urgent", "High", 1, MARK, [MARK]],
    "due_date": [
        *("2026-02-30", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00", "20261124", "2026-W48-2"),
        *(
            "0000-01-01",
            "10000-01-01",
            "-2026-11-24",
            " 2026-11-24",
            "٢026-11-24",
            "",
            0,
            1.5,
            MARK,
        ),
    ],
    "due_at": [
        *("2026-11-24", "2026-11-24T08:00:00", "2026-11-24 08:00:00Z", "2026-11-24T24:00:01Z"),
        *("2026-11-24T08:00Z", "2026-02-30T08:00:00Z", "2026-11-24T08:00:00+24:00", "", 0, MARK),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-24T08:00:00Z\n"),
    ],
    "order": [2.0**63, 1.5, "1", True, 2**63, -(2**63) - 1, HUGE, 1e300, MARK],
    "tags": [MARK, {"a": MARK}, [f"t{n}" for n in range(21)], 1],
    "tags.0": [[""], [" \u3000"], ["x" * 51], [None], [1], [[MARK]], [MARK * 7]],
    "tags.1": [["a", ""], ["a", MARK * 7]],
}
LIMITS: list[tuple[str, object]] = [
    *(("title", text) for text in ("x", "x" * 200, "😀" * 200, f" {'x' * 200} ")),
    *(("description", text) for text in ("", "x" * 10_000, "😀" * 10_000, "\r\n\t\x01\x7f")),
    *(("order", number) for number in (2**63 - 1, -(2**63), 0)),
    *(("due_date", day) for day in ("0001-01-01", "9999-12-31", "2024-02-29")),
    *(("tags", tags) for tags in (["x" * 50], [f"t{n}" for n in range(20)], ["😀" * 50])),
]
METACHARACTERS = [
    "'; DROP TABLE tasks; --",
    '" OR 1=1 --',
    "%s %(owner)s :owner {0} ${x} $1 ?",
    "\\' \\\\ \\n \\x00 % _ {} {{}}",
    f"<script>alert('{MARK}')</script><img src=x onerror=alert(1)>&amp;",
    "line\nbreak\r\n2026-11-21T00:00:00Z INFO forged",
    "\x1b[31mred\x1b[0m \x07 \x7f \u202e\u2028 \ufeff \ufffe",
    "=1+1", "+1", "-1", "@SUM(A1)", "\ttab first",
    "NULL", "{1,2}", '{"a","b"}', "${jndi:ldap://x}", "../../etc/passwd", "👩‍👩‍👧‍👦 é é ß ẞ İ",
]  # fmt: skip


def places(api: Api, verb: str, **content: object) -> list[str]:
    """The fields that a refused write names; it must not have reached the database."""
    url = api.surface.create(1).url if verb == "POST" else api.task(1)
    owner = {"user_id": 1} if verb == "POST" else {}
    response = api.client.request(verb, url, json={"title": "x", **owner, **content})
    assert api.statements == [], content
    unsaid = ("2026-02-30", "2026-11-24T", "urgent", str(HUGE))
    problem = require_problem(response, 400, "validation_error", *unsaid)
    return [error["loc"] for error in problem["errors"]]


@pytest.mark.requirement("FR-09", "FR-12")
@pytest.mark.threat(10)
@pytest.mark.parametrize("verb", ["POST", "PATCH"])
@pytest.mark.parametrize("loc", INVALID)
def test_a_value_over_the_limit_names_its_field(api: Api, verb: str, loc: str) -> None:
    field = loc.partition(".")[0]
    named = {ascii(v): places(api, verb, **{field: v}) for v in INVALID[loc]}
    assert named == {value: [f"body.{loc}"] for value in named}


@pytest.mark.requirement("FR-09", "FR-12")
@pytest.mark.threat(10)
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
def test_both_due_fields_are_one_too_many(api: Api, verb: str) -> None:
    dues = {"due_date": "2026-11-24", "due_at": "2026-11-24T08:00:00Z"}
    assert places(api, verb, **dues, title=MARK) == ["body.due_at"]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(10)
def test_a_thousand_mistakes_get_a_short_answer(api: Api) -> None:
    response = api.create(title="x", tags=[1] * 1000)
    problem = require_problem(response, 400, "validation_error")
    assert 1 <= len(problem["errors"]) <= 20
    assert api.statements == []


@pytest.mark.requirement("FR-09")
@pytest.mark.parametrize(
    ("field", "value"), LIMITS, ids=[f"{n}={ascii(v)[:24]}" for n, v in LIMITS]
)
@pytest.mark.threat(10)
def test_a_value_at_the_limit_is_kept(api: Api, field: str, value: object) -> None:
    response = api.create(**{"title": "x", field: value})
    assert response.status_code == 201, response.text
    assert response.json()[field] == (value.strip() if field == "title" else value)  # type: ignore[attr-defined]
    assert api.list().json() == [response.json()]


@pytest.mark.requirement("FR-09", "FR-12")
@pytest.mark.threat(20)
@pytest.mark.parametrize("text", METACHARACTERS, ids=ascii)
def test_metacharacters_come_back_exactly(api: Api, text: str) -> None:
    content = {"title": f"<{text}>", "description": text, "tags": [f"<{text[:40]}>"]}
    created = api.create(**content).json()
    assert created.items() >= content.items()
    url = api.task(created["id"])
    changed = api.client.patch(url, json={**content, "description": f"{text}{text}"}).json()
    assert changed.items() >= {**content, "description": f"{text}{text}"}.items()
    response = api.client.get(url)
    assert response.json() == changed
    assert response.headers["content-type"] == "application/json"
    assert api.list().json() == [changed]


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(20)
def test_a_request_is_one_line_of_the_log(server: Server) -> None:
    paths = {
        "newline": "/a%0a2026-11-21T00:00:00Z%20INFO%20forged",
        "return": "/a%0d%0a2026-11-21T00:00:00Z%20INFO%20forged",
        "escape": "/%1b%5b31m%1b%5d0;x%07",
        "separator": "/%e2%80%a8%e2%80%a9%e2%80%ae%ff",
        "nothing": "/%00%7f%c2%85",
    }
    for name, path in paths.items():
        response = server.client.get(path, headers={"X-Request-ID": f"log-{name}"})
        assert response.status_code == (404 if name == "separator" else 400)
    text = "a\nforged\x1b[31m"
    server.client.post("/api/1/tasks", json={"title": text, "description": text})
    log = server.log(until="POST /api/1/tasks")
    assert all(character.isprintable() or character == "\n" for character in log)
    for line in log.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+ \[[^]]*\] ", line), (
            line
        )
        assert not line.startswith("2026-11-21T00:00:00Z")
    for name in paths:
        assert log.count(f"[log-{name}]") == 1
    assert "title" not in log
    assert "[31m" not in log.replace(r"\x1b[31m", "")


@pytest.mark.requirement("FR-10", "FR-09")
@pytest.mark.threat(21)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_moves_no_task_to_another_owner(api: Api, method: str) -> None:
    task: dict[str, Any] = api.create(title="mine").json()
    other = {"id": task["id"] + 1, "user_id": 2, "revision": 99, "url": MARK}
    response = api.client.request(method, api.task(task["id"]), json={"title": "mine", **other})
    assert response.status_code == 200
    same = {name: task[name] for name in task.keys() - {"revision", "updated_at"}}
    assert response.json().items() >= same.items()
    assert api.of(2).list().json() == []


@pytest.mark.requirement("FR-10", "FR-08")
@pytest.mark.threat(21)
def test_the_path_decides_whose_a_new_task_is(client: RecordingClient) -> None:
    response = client.post("/api/1/tasks", json={"title": "mine", "user_id": 2})
    assert (response.status_code, response.json()["user_id"]) == (201, 1)
    assert client.get("/api/2/tasks").json() == []


@pytest.mark.requirement("FR-12")
@pytest.mark.threat(20)
def test_a_path_does_not_pass_for_the_fields_of_its_line(
    client: RecordingClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client.get("/a%20200%201.0%20ms")
    assert "GET /a%20200%201.0%20ms 404 " in caplog.text
