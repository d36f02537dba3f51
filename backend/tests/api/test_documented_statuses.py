"""No operation documents a status that it does not give: each is asked for, and given."""

from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import pytest

from backend.api.dependencies import get_session, require_ready
from backend.errors import Overloaded
from backend.tests.support.documented import Sample, operations
from backend.tests.support.recorder import RecordingClient

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-61", "FR-12")]

KEY = "a key that was used"
ERRORS = {"500": RuntimeError("not foreseen"), "503": Overloaded()}
TASK = {"title": "a", "due_date": "2026-11-24"}
ELSEWHERE = {("streamChanges", "200"), ("checkReadiness", "503")}
"""A stream has no end, and readiness takes no overrides: `test_events.py`, `test_readiness.py`."""

HEADERS = {
    "304": {"If-None-Match": "*"},
    "413": {"Content-Type": "application/json"},
    "415": {"Content-Type": "image/png"},
    "422": {"Idempotency-Key": KEY},
    "431": {"X-Long": "x" * 33_000},
}
QUERIES: dict[str, dict[str, Any]] = {
    "400": {"nonsense": 1},
    "410": {"since": 2**62},
    "414": {"q": "x" * 9000},
}
MISSING = 999_999_999


class Wrong(Sample):
    """A request to an operation, made wrong."""

    def provoke(self, status: str) -> None:
        """Make it wrong in the way that has this status."""
        ways: dict[str, Callable[[], None]] = {
            "404": self._miss,
            "409": self._contradict,
            "412": self._be_late,
        }
        if status in ways:
            ways[status]()
        self.headers |= HEADERS.get(status, {})
        self.query |= QUERIES.get(status, {})
        if status == "413":
            is_file = self.operation.path.endswith("/import")
            self.body = b" " * ((10 if is_file else 1) * 1_048_576 + 1)

    def _miss(self) -> None:
        self.task = MISSING
        if self.operation.path.endswith("/batch"):
            self.body["operations"] = [{"op": "delete", "id": MISSING}]

    def _contradict(self) -> None:
        """The task has a `due_date`; nothing can be put under, or beside, what is missing."""
        if self.operation.path.endswith("/batch"):
            changes = {"due_at": "2026-11-24T16:30:00Z"}
            operation = {"op": "update", "id": self.task, "changes": changes}
            self.body = {**self.body, "operations": [operation]}
        elif self.operation.path.endswith("/move"):
            self.body = {"before": MISSING}
        else:
            self.body = {**self.body, "parent_id": MISSING}

    def _be_late(self) -> None:
        if self.operation.path.endswith("/batch"):
            self.body["operations"][0]["revision"] = 1
        else:
            self.headers["If-Match"] = '"1"'


@pytest.fixture
def task(client: RecordingClient) -> int:
    """One with a `due_date`; the key was used for it, of both kinds of requests."""
    keyed = {"Idempotency-Key": KEY}
    made = client.post("/api/1/tasks", json=TASK, headers=keyed)
    return int(made.json()["id"])


def failing(error: Exception) -> Callable[[], Coroutine[Any, Any, NoReturn]]:
    async def fail() -> NoReturn:
        raise error

    return fail


def test_every_documented_status_is_given(client: RecordingClient, task: int) -> None:
    wrong, other = [], client.post("/api/1/tasks", json=TASK).json()["id"]
    overrides = client.app.dependency_overrides
    for sample, status in [
        (operation, status)
        for operation in operations(client.app)
        for status in operation.responses
        if (operation.name.removesuffix("Flat"), status) not in ELSEWHERE
    ]:
        if status in ERRORS:
            overrides[get_session] = overrides[require_ready] = failing(ERRORS[status])
        request = Wrong(sample, task, other)
        request.provoke(status)
        given = request.send(client).status_code
        overrides.clear()
        client.post(f"/api/1/tasks/{task}/restore")
        client.put(f"/api/1/tasks/{task}", json=TASK)
        if given != int(status):
            wrong.append((sample.name, status, given))
    assert wrong == []
