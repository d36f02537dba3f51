"""What schemathesis cannot know from the OpenAPI document (schemathesis.toml names this module)."""

from typing import Any
from zlib import crc32
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

# The names of the zones differ between systems: the document has the format and lists none.
_ZONES = sorted(available_timezones() - {"Factory", "localtime"})
_TAG = strategies.builds(
    '{}"{}"'.format, strategies.sampled_from(["", "W/"]), strategies.integers(0, 99)
)
_TAGS = strategies.just("*") | strategies.lists(_TAG, min_size=1, max_size=3).map(", ".join)

schemathesis.openapi.format("time-zone", strategies.sampled_from(_ZONES))
schemathesis.openapi.format("entity-tags", _TAGS)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Let valid requests get past what hides all behind it: a used key, an invented cursor."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in (case.headers or {}):  # one key for one content, as clients do
        case.headers["Idempotency-Key"] = f"key-{crc32(repr(case.body).encode())}"
    if "cursor" in (case.query or {}) and crc32(repr(case.query).encode()) % 4:
        del case.query["cursor"]


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Keep every failure but the two refusals that no OpenAPI document can tell of."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    problem = response.json()
    return not (_has_invented_cursor(case, problem) or _has_point_zero(case, problem))


def _has_invented_cursor(case: Case[Any], problem: dict[str, Any]) -> bool:
    """Contract: a cursor that no page of the same query gave is 400."""
    return "cursor" in (case.query or {}) and problem["code"] == "invalid_cursor"


def _has_point_zero(case: Case[Any], problem: dict[str, Any]) -> bool:
    """Contract: `1.0` is no spelling of an integer; JSON Schema says that it is one."""
    sent = case.body if isinstance(case.body, dict) else {}
    errors = problem.get("errors", [])
    return bool(errors) and all(
        error["code"] == "int_type"
        and isinstance(sent.get(error["loc"].removeprefix("body.")), float)
        for error in errors
    )
