"""The tasks, on two surfaces: the same handlers, bound to the owner of the path or of the query."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend.api.deps import BodyOwnersTasks, Present, Tasks
from backend.api.schemas.answers import (
    ANYWHERE,
    CREATED,
    FOUND,
    LISTED,
    MERGE_PATCH,
    MISSING,
    PATCHED,
    WRITTEN,
)
from backend.api.schemas.fields import Limit, TaskId
from backend.api.schemas.task import (
    Completion,
    OwnedTaskContent,
    TaskContent,
    TaskPatch,
    TaskRead,
)
from backend.api.strict import StrictRoute

Cursor = Annotated[str, Query(max_length=512, description="From the `Link` of the page before.")]


def list_tasks(
    tasks: Tasks, present: Present, limit: Limit = 500, cursor: Cursor | None = None
) -> Response:
    """The owner's tasks, oldest first."""
    page = tasks.page(limit, cursor)
    return present.page(page.rows, page.next_cursor)


def create_task(body: TaskContent, tasks: Tasks, present: Present) -> Response:
    """Create a task. Not safe to repeat: each request makes one."""
    return present.created(tasks.create(body.model_dump()))


def create_owned_task(body: OwnedTaskContent, tasks: BodyOwnersTasks, present: Present) -> Response:
    """Create a task for the owner named in the body. Not safe to repeat: each request makes one."""
    return present.created(tasks.create(body.model_dump()))


def read_task(id: TaskId, tasks: Tasks, present: Present) -> Response:
    """Read a task."""
    return present.task(tasks.read(id))


def replace_task(id: TaskId, body: TaskContent, tasks: Tasks, present: Present) -> Response:
    """Replace a task: fields left out return to their defaults. Never creates."""
    return present.task(tasks.change(id, body.model_dump()))


def patch_task(id: TaskId, body: TaskPatch, tasks: Tasks, present: Present) -> Response:
    """Change what is sent (RFC 7396): absent keeps, null resets to the default."""
    return present.task(tasks.change(id, body.changes()))


def complete_task(
    id: TaskId, tasks: Tasks, present: Present, body: Completion | None = None
) -> Response:
    """Without a body, toggle completion (not safe to repeat); with one, set it (repeatable)."""
    if body is None:
        return present.task(tasks.toggle(id))
    return present.task(tasks.change(id, body.model_dump()))


def delete_task(id: TaskId, tasks: Tasks) -> Response:
    """Move a task to the trash."""
    tasks.trash(id)
    return Response(status_code=204)


def restore_task(id: TaskId, tasks: Tasks, present: Present) -> Response:
    """Take a task out of the trash. Repeatable."""
    return present.task(tasks.restore(id))


def _surface(prefix: str, tag: str, create: Callable[..., Response]) -> APIRouter:
    """Every verb under a prefix; only create differs, by where it finds the owner."""
    router = APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=ANYWHERE)
    one = "/{id}"
    router.get("", response_model=list[TaskRead], responses=LISTED)(list_tasks)
    router.post("", response_model=TaskRead, status_code=201, responses=CREATED)(create)
    router.get(one, response_model=TaskRead, responses=FOUND)(read_task)
    router.put(one, response_model=TaskRead, responses=WRITTEN)(replace_task)
    router.patch(one, response_model=TaskRead, responses=PATCHED, openapi_extra=MERGE_PATCH)(
        patch_task
    )
    router.delete(one, status_code=204, responses=MISSING)(delete_task)
    router.patch(f"{one}/complete", response_model=TaskRead, responses=WRITTEN)(complete_task)
    router.post(f"{one}/restore", response_model=TaskRead, responses=FOUND)(restore_task)
    return router


# The flat surface comes first: `/api/v1/tasks` would match `/api/{user_id}/tasks`, too.
surfaces = (
    _surface("/api/v1/tasks", "flat", create_owned_task),
    _surface("/api/{user_id}/tasks", "primary", create_task),
)
