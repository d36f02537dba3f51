"""What schemathesis cannot know from the OpenAPI document (schemathesis.toml names this module)."""

from typing import Any
from zlib import crc32

import schemathesis
from hypothesis import strategies
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from backend.models.zones import ZONES

# The names of the zones differ between systems: the document has the format and lists none.
_ZONES = sorted(ZONES)
_TAG = strategies.builds(
    '{}"{}"'.format, strategies.sampled_from(["", "W/"]), strategies.integers(0, 99)
)
_TAGS = strategies.just("*") | strategies.lists(_TAG, min_size=1, max_size=3).map(", ".join)
_RULES = ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"]
_moves: list[tuple[Case[Any], Response]] = []

_ONE = ("readTask", "replaceTask", "patchTask", "completeTask", "deleteTask", "restoreTask")
_LINKS = {
    ("createTask", "201"): (*_ONE, "listTasks", "deleteTasks"),
    ("deleteTask", "204"): ("restoreTask", "restoreTasks"),
    ("deleteTasks", "204"): ("restoreTasks",),
}
"""What follows an operation, with its owner and its task. A restore has no links: schemathesis
begins sequences with any POST that has some, and then there would be nothing to restore."""

schemathesis.openapi.format("time-zone", strategies.sampled_from(_ZONES))
schemathesis.openapi.format("entity-tags", _TAGS)
schemathesis.openapi.format("rrule", strategies.sampled_from(_RULES))


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Link the operations: most links that schemathesis infers would forget the owner."""
    operations = {
        operation["operationId"]: operation
        for path in raw_schema["paths"].values()
        for operation in path.values()
    }
    for suffix, place in (("", "path"), ("Flat", "query")):
        for (name, status), followers in _LINKS.items():
            operation = operations[f"{name}{suffix}"]
            creates = name == "createTask"
            owner = "$response.body#/user_id" if creates else f"$request.{place}.user_id"
            task = "$response.body#/id" if creates else "$request.path.id"
            operation["responses"][status]["links"] = {
                follower: {
                    "operationId": f"{follower}{suffix}",
                    "parameters": {f"{place}.user_id": owner}
                    | ({"path.id": task} if follower in _ONE else {}),
                }
                for follower in followers
            }


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Let valid requests get past what hides all behind it: a used key, an invented cursor."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in (case.headers or {}):  # one key for one content, as clients do
        case.headers["Idempotency-Key"] = f"key-{crc32(repr(case.body).encode())}"
    if "cursor" in (case.query or {}) and crc32(repr(case.query).encode()) % 4:
        del case.query["cursor"]
    for parameters in (case.path_parameters or {}, case.query or {}):
        parameters |= {  # JSON has 1.0 for 1, a URL has not
            name: int(value)
            for name, value in parameters.items()
            if isinstance(value, float) and value.is_integer()
        }


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember, in order, what moved tasks to the trash and out of it."""
    is_move = case.operation.method.upper() == "DELETE" or _restores(case)
    if is_move and 200 <= response.status_code < 300:
        _moves.append((case, response))


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Keep every failure but what no OpenAPI document can tell of."""
    if isinstance(failure, UseAfterFree):
        return not _is_out_of_trash(failure, case)
    if not isinstance(failure, RejectedPositiveData):
        return True
    if case.operation.path.endswith("/import"):
        return response.status_code not in {400, 415}  # what a file must be depends on `format`
    if response.status_code != 400:
        return True
    problem = response.json()
    return not (_has_invented_cursor(case, problem) or _breaks_rule_across_fields(problem))


def _has_invented_cursor(case: Case[Any], problem: dict[str, Any]) -> bool:
    """Contract: a cursor that no page of the same query gave is 400."""
    return "cursor" in (case.query or {}) and problem["code"] == "invalid_cursor"


def _breaks_rule_across_fields(problem: dict[str, Any]) -> bool:
    """Contract: a task moves beside another one; a batch names each task once."""
    errors = [error for error in problem.get("errors", ()) if error["loc"].startswith("body.")]
    return errors != [] and all(error["code"] in {"anchor", "repeated"} for error in errors)


def _is_out_of_trash(failure: UseAfterFree, case: Case[Any]) -> bool:
    """Contract: a restore brings a deleted task back, a filter spares what it does not match, and a
    list is there when all of its tasks are gone.

    Which tasks were moved by a filter is in no answer; the model knows (generated/).
    """
    if _is_bulk(case):
        return True
    ids = [move.id for move, _ in _moves]
    if failure.deleted_case_id not in ids:
        return False
    (deletion, _), *later = _moves[ids.index(failure.deleted_case_id) :]
    if _is_bulk(deletion) and (deletion.query or {}).keys() - {"user_id"}:
        return True
    return any(
        _restores(move)
        and _value(move, "user_id") == _value(case, "user_id")
        and _moved(move, answer, _value(case, "id"))
        for move, answer in later
    )


def _restores(case: Case[Any]) -> bool:
    return bool(case.operation.path.endswith(("/restore", "/batch")))


def _moved(move: Case[Any], answer: Response, task: str | None) -> bool:
    """Whether a restore, of one task or many, or a batch may have brought this task back."""
    if move.operation.path.endswith("/batch"):
        body: Any = move.body
        steps = body["operations"]
        return any(step["op"] == "restore" and str(step["id"]) == task for step in steps)
    return bool(answer.json()["restored"]) if _is_bulk(move) else _value(move, "id") == task


def _is_bulk(case: Case[Any]) -> bool:
    return _value(case, "id") is None


def _value(case: Case[Any], name: str) -> str | None:
    """The owner or the task of a request, on either surface."""
    value = {**(case.query or {}), **(case.path_parameters or {})}.get(name)
    return None if value is None else str(value)
