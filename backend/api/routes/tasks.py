"""The tasks, on two surfaces: the same handlers, bound to the owner of the path or of the query."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from backend.api.deps import BodyOwnersTasks, Doomed, Listed, Present, Tasks
from backend.api.schemas.answers import (
    ANYWHERE,
    CREATED,
    DELETED,
    LISTED,
    MERGE_PATCH,
    PATCHED,
    READ,
    RESTORED,
    WRITTEN,
)
from backend.api.schemas.fields import TaskId
from backend.api.schemas.queries import IdempotencyKey, IfMatch, IfNoneMatch
from backend.api.schemas.task import (
    Completion,
    OwnedTaskContent,
    TaskContent,
    TaskPatch,
    TaskRead,
)
from backend.api.strict import StrictRoute


def list_tasks(query: Listed, tasks: Tasks, present: Present) -> Response:
    """The owner's tasks: filtered, sorted, page by page."""
    return present.page(tasks.page(query), query.known)


def create_task(
    body: TaskContent, tasks: Tasks, present: Present, idempotency_key: IdempotencyKey = None
) -> Response:
    """Create a task. Safe to repeat only with an `Idempotency-Key`: else each request makes one."""
    return present.created(tasks.create(body.model_dump(), idempotency_key))


def create_owned_task(
    body: OwnedTaskContent,
    tasks: BodyOwnersTasks,
    present: Present,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Create a task for the owner in the body. Safe to repeat only with an `Idempotency-Key`."""
    return present.created(tasks.create(body.model_dump(), idempotency_key))


def delete_tasks(filters: Doomed, tasks: Tasks) -> Response:
    """Move all tasks that match to the trash; without a filter, all. Repeatable."""
    tasks.trash_all(filters)
    return Response(status_code=204)


def read_task(
    id: TaskId, tasks: Tasks, present: Present, if_none_match: IfNoneMatch = ()
) -> Response:
    """Read a task."""
    return present.task(tasks.read(id), if_none_match)


def replace_task(
    id: TaskId, body: TaskContent, tasks: Tasks, present: Present, if_match: IfMatch = None
) -> Response:
    """Replace a task: fields left out return to their defaults. Never creates."""
    return present.task(tasks.change(id, body.model_dump(), if_match))


def patch_task(
    id: TaskId, body: TaskPatch, tasks: Tasks, present: Present, if_match: IfMatch = None
) -> Response:
    """Change what is sent (RFC 7396): absent keeps, null resets to the default."""
    return present.task(tasks.change(id, body.changes(), if_match))


def complete_task(
    id: TaskId,
    tasks: Tasks,
    present: Present,
    body: Completion | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Without a body, toggle completion (not safe to repeat); with one, set it (repeatable)."""
    if body is None:
        return present.task(tasks.toggle(id, if_match))
    return present.task(tasks.change(id, body.model_dump(), if_match))


def delete_task(id: TaskId, tasks: Tasks, if_match: IfMatch = None) -> Response:
    """Move a task to the trash."""
    tasks.trash(id, if_match)
    return Response(status_code=204)


def restore_task(id: TaskId, tasks: Tasks, present: Present, if_match: IfMatch = None) -> Response:
    """Take a task out of the trash. Repeatable."""
    return present.task(tasks.restore(id, if_match))


def _surface(prefix: str, tag: str, create: Callable[..., Response]) -> APIRouter:
    """Every verb under a prefix; only create differs, by where it finds the owner."""
    router = APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=ANYWHERE)
    one = "/{id}"
    router.get("", response_model=list[TaskRead], responses=LISTED)(list_tasks)
    router.post("", response_model=TaskRead, status_code=201, responses=CREATED)(create)
    router.delete("", status_code=204)(delete_tasks)
    router.get(one, response_model=TaskRead, responses=READ)(read_task)
    router.put(one, response_model=TaskRead, responses=WRITTEN)(replace_task)
    router.patch(one, response_model=TaskRead, responses=PATCHED, openapi_extra=MERGE_PATCH)(
        patch_task
    )
    router.delete(one, status_code=204, responses=DELETED)(delete_task)
    router.patch(f"{one}/complete", response_model=TaskRead, responses=WRITTEN)(complete_task)
    router.post(f"{one}/restore", response_model=TaskRead, responses=RESTORED)(restore_task)
    return router


# The flat surface comes first: `/api/v1/tasks` would match `/api/{user_id}/tasks`, too.
surfaces = (
    _surface("/api/v1/tasks", "flat", create_owned_task),
    _surface("/api/{user_id}/tasks", "primary", create_task),
)
