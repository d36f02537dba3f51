"""A small part of `make fuzz`, the same each time: valid and invalid requests by the document."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from schemathesis.openapi.checks import UseAfterFree

from backend.tests.support import fuzz_hooks
from backend.tests.support.databases import ROOT
from backend.tests.support.fuzz import fuzz
from backend.tests.support.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

OPERATIONS = (
    *("createTaskFlat", "readTaskFlat"),
    *("completeTask", "deleteTask", "restoreTask"),
)
TASKS = "/api/{user_id}/tasks"
Move = tuple[str, str, dict[str, Any]]


@pytest.mark.requirement("FR-13", "NFR-11")
def test_the_server_keeps_what_the_document_promises_whatever_is_sent(server: Server) -> None:
    chosen = [f"--include-operation-id={name}" for name in OPERATIONS]
    outcome = fuzz(server, 20261122, "--max-examples=3", *chosen)
    assert (outcome.status, outcome.failures) == (0, 0)
    assert outcome.cases >= 200


@cache
def document() -> Any:
    """What schemathesis makes of the exported document, which takes it a second."""
    return schemathesis.openapi.from_path(
        ROOT / "specs/001-backend-task-api/contracts/openapi.yaml"
    )


def sent(move: Move, restored: int = 1) -> Any:
    """A case of schemathesis that was answered well."""
    method, path, query = move
    parameters = {"user_id": 1, "id": 7} if "{id}" in path else {"user_id": 1}
    body: dict[str, Any] = {"body": BATCH_BODY} if path.endswith("/batch") else {}
    case = document()[path][method].Case(path_parameters=parameters, query=query, **body)
    fuzz_hooks.after_call(
        SimpleNamespace(),
        case,
        SimpleNamespace(status_code=200, json=lambda: {"restored": restored}),
    )
    return case


BATCH_BODY = {"operations": [{"op": "delete", "id": 8}, {"op": "restore", "id": 7}]}
BATCH: Move = ("POST", f"{TASKS}/batch", {})
DELETE: Move = ("DELETE", f"{TASKS}/{{id}}", {})
DELETE_ALL: Move = ("DELETE", TASKS, {})
RESTORE: Move = ("POST", f"{TASKS}/{{id}}/restore", {})
RESTORE_ALL: Move = ("POST", f"{TASKS}/restore", {})


@pytest.mark.requirement("FR-13")
@pytest.mark.parametrize(
    ("moves", "restored", "is_kept"),
    [
        ([DELETE], 0, True),
        ([RESTORE, DELETE], 0, True),
        ([DELETE, RESTORE], 0, False),
        ([DELETE, RESTORE_ALL], 0, True),
        ([DELETE, RESTORE_ALL], 1, False),
        ([DELETE, BATCH], 0, False),
        ([BATCH, DELETE], 0, True),
        ([DELETE_ALL], 0, True),
        ([DELETE_ALL, RESTORE], 0, False),
        ([("DELETE", TASKS, {"tag": ["x"]})], 0, False),
    ],
)
def test_a_deleted_task_may_be_there_if_it_was_restored_or_spared(
    moves: list[Move], restored: int, is_kept: bool
) -> None:
    cases = [sent(move, restored) for move in moves]
    [deletion] = [case for case in cases if case.operation.method.upper() == "DELETE"]
    failure = UseAfterFree(operation="", message="", free="", usage="", deleted_case_id=deletion.id)
    read = sent(("GET", f"{TASKS}/{{id}}", {}))
    answer = SimpleNamespace(status_code=200)
    assert fuzz_hooks.filter_failure(SimpleNamespace(), failure, read, answer) is is_kept


@pytest.mark.requirement("FR-13")
def test_a_list_may_be_read_when_all_of_it_was_deleted() -> None:
    deletion = sent(DELETE_ALL)
    failure = UseAfterFree(operation="", message="", free="", usage="", deleted_case_id=deletion.id)
    answer = SimpleNamespace(status_code=304)
    listed = sent(("GET", TASKS, {}))
    assert not fuzz_hooks.filter_failure(SimpleNamespace(), failure, listed, answer)
