"""Tasks on both surfaces: the same handlers, with the owner from the path or from the query.

Handlers are plain functions that run on the event loop's thread: whatever blocks, or computes for
longer than a millisecond, goes through `run_in_thread` (`database/waiting.py`).
"""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, FastAPI, Query, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import BaseRoute

from backend.api.dependencies import (
    Batches,
    BodyOwnersBatches,
    BodyOwnersTasks,
    BulkFilters,
    ChangeFeed,
    ListRequest,
    Lists,
    Summaries,
    Tasks,
    TrashFilters,
)
from backend.api.openapi.document import operation_id
from backend.api.openapi.responses import (
    ANYWHERE,
    BATCHED,
    CHANGED,
    CREATED,
    DELETED,
    LISTED,
    MERGE_PATCH,
    MISSING,
    PATCHED,
    READ,
    REPLACED,
    RESTORED,
    SUMMARISED,
    WRITTEN,
)
from backend.api.responses import (
    batch_response,
    changes_response,
    created_response,
    page_response,
    read_response,
    restored_response,
    summary_response,
    task_response,
)
from backend.api.routes.events import add_events
from backend.api.routes.moves import move_task
from backend.api.routes.repeating import list_occurrences
from backend.api.routes.transfer import add_transfer
from backend.api.routing.event_loop import Handler, on_event_loop
from backend.api.routing.route import StrictRoute
from backend.api.schemas.batch import BatchContent, BatchRead, OwnedBatchContent
from backend.api.schemas.changes import ChangeParameters, ChangesRead
from backend.api.schemas.fields import TaskId
from backend.api.schemas.headers import IdempotencyKey, IfMatch, IfNoneMatch
from backend.api.schemas.lists import DryRun, Restored
from backend.api.schemas.repeating import OccurrencesRead
from backend.api.schemas.summary import SummaryParameters, SummaryRead
from backend.api.schemas.tasks import (
    Completion,
    OwnedTaskContent,
    TaskContent,
    TaskPatch,
    TaskRead,
    TaskReplacement,
)
from backend.services.changes import Position


class _TaskSegment(StringConvertor):
    """A path segment for an id. Fixed names are not ids, so their 405 lists their methods."""

    regex = r"(?!(?:restore|batch|changes|summary|events|export|import)\Z)[^/]+"


register_url_convertor("task", _TaskSegment())


def list_tasks(
    request: Request, query: ListRequest, lists: Lists, if_match: IfMatch = None
) -> Response:
    """The owner's tasks: filtered, sorted, page by page."""
    return page_response(request, lists.page(query), if_match, query.if_none_match)


def create_task(
    body: TaskContent, tasks: Tasks, idempotency_key: IdempotencyKey = None
) -> Response:
    """Create a task. Safe to repeat only with an `Idempotency-Key`: else each request makes one."""
    return created_response(tasks.create(body.model_dump(), idempotency_key))


def create_owned_task(
    body: OwnedTaskContent, tasks: BodyOwnersTasks, idempotency_key: IdempotencyKey = None
) -> Response:
    """Create a task for the owner in the body. Safe to repeat only with an `Idempotency-Key`."""
    return created_response(tasks.create(body.model_dump(), idempotency_key))


def delete_tasks(filters: BulkFilters, lists: Lists) -> Response:
    """Move all tasks that match to the trash; without a filter, all. Repeatable."""
    lists.move(filters)
    return Response(status_code=204)


def restore_tasks(filters: TrashFilters, lists: Lists) -> Response:
    """Take all tasks that match out of the trash; without a filter, all. Repeatable."""
    return restored_response(lists.move(filters))


def list_changes(
    request: Request, parameters: Annotated[ChangeParameters, Query()], feed: ChangeFeed
) -> Response:
    """What has changed since a revision, in order; what is in the trash as its id alone."""
    position = Position(parameters.since, parameters.began)
    return changes_response(request, feed.page(position, parameters.limit))


def read_summary(
    parameters: Annotated[SummaryParameters, Query()],
    summaries: Summaries,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All numbers of the list: open, completed, overdue, due today, by priority and by tag."""
    return summary_response(summaries.read(parameters.time_zone, if_none_match, parameters.parent))


def run_batch(
    body: BatchContent,
    batches: Batches,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response:
    """Up to 100 operations, all or nothing. Safe to repeat only with an `Idempotency-Key`."""
    return batch_response(batches.run(body.asked(), idempotency_key, dry_run=dry_run))


def run_owned_batch(
    body: OwnedBatchContent,
    batches: BodyOwnersBatches,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response:
    """Up to 100 operations for the owner in the body, all or nothing. As for the primary one."""
    return batch_response(batches.run(body.asked(), idempotency_key, dry_run=dry_run))


def read_task(
    id: TaskId, tasks: Tasks, if_match: IfMatch = None, if_none_match: IfNoneMatch = None
) -> Response:
    """Read a task."""
    return read_response(tasks.read(id), if_match, if_none_match)


def replace_task(
    id: TaskId, body: TaskReplacement, tasks: Tasks, if_match: IfMatch = None
) -> Response:
    """Replace a task: what is left out returns to its default; how it repeats is kept."""
    return task_response(tasks.change(id, body.content(), if_match))


def patch_task(id: TaskId, body: TaskPatch, tasks: Tasks, if_match: IfMatch = None) -> Response:
    """Change what is sent (RFC 7396): absent keeps, null resets to the default."""
    return task_response(tasks.change(id, body.changes(), if_match))


def complete_task(
    id: TaskId, tasks: Tasks, body: Completion | None = None, if_match: IfMatch = None
) -> Response:
    """Set completion, or toggle it: without a body, or with `{}`. A toggle is not repeatable."""
    if body is None or body.toggles:
        return task_response(tasks.toggle(id, if_match))
    return task_response(tasks.change(id, body.model_dump(), if_match))


def delete_task(id: TaskId, tasks: Tasks, if_match: IfMatch = None) -> Response:
    """Move a task to the trash."""
    tasks.trash(id, if_match)
    return Response(status_code=204)


def restore_task(id: TaskId, tasks: Tasks, if_match: IfMatch = None) -> Response:
    """Take a task out of the trash. Repeatable."""
    return task_response(tasks.restore(id, if_match))


class BodyLimits(NamedTuple):
    """The largest body of JSON, and the largest file, in bytes."""

    body: int
    file: int


def _surface(
    app: FastAPI, prefix: str, suffix: str, create: Handler, batch: Handler, limits: BodyLimits
) -> list[BaseRoute]:
    """Every operation under a prefix; two differ by surface, for their owner is in the body."""
    router = APIRouter(
        prefix=prefix,
        route_class=StrictRoute,
        responses=ANYWHERE,
        generate_unique_id_function=operation_id,
        dependency_overrides_provider=app,
    )

    def add(method: str, path: str, handler: Handler, group: str, **options: Any) -> None:
        endpoint = on_event_loop(handler, app)
        router.add_api_route(path, endpoint, methods=[method], tags=[f"{group}{suffix}"], **options)

    address = "/{id:task}"
    one = {"response_model": TaskRead}
    body = {"max_body_size": limits.body}
    add("GET", "", list_tasks, "lists", response_model=list[TaskRead], responses=LISTED)
    add("POST", "", create, "tasks", **one, **body, status_code=201, responses=CREATED)
    add("DELETE", "", delete_tasks, "lists", status_code=204)
    add("POST", "/restore", restore_tasks, "lists", response_model=Restored)
    add("POST", "/batch", batch, "sync", **body, response_model=BatchRead, responses=BATCHED)
    add("GET", "/changes", list_changes, "sync", response_model=ChangesRead, responses=CHANGED)
    add_events(router, f"sync{suffix}")
    add_transfer(router, app, f"files{suffix}", limits.file)
    add("GET", "/summary", read_summary, "sync", response_model=SummaryRead, responses=SUMMARISED)
    add("GET", address, read_task, "tasks", **one, responses=READ)
    add("PUT", address, replace_task, "tasks", **one, **body, responses=REPLACED)
    patched: dict[str, Any] = {"responses": PATCHED, "openapi_extra": MERGE_PATCH}
    add("PATCH", address, patch_task, "tasks", **one, **body, **patched)
    add("DELETE", address, delete_task, "tasks", status_code=204, responses=DELETED)
    add("PATCH", f"{address}/complete", complete_task, "tasks", **one, **body, responses=WRITTEN)
    add("POST", f"{address}/move", move_task, "tasks", **one, **body, responses=PATCHED)
    series = {"response_model": OccurrencesRead, "responses": MISSING}
    add("GET", f"{address}/occurrences", list_occurrences, "tasks", **series)
    add("POST", f"{address}/restore", restore_task, "tasks", **one, responses=RESTORED)
    return router.routes


def surfaces(app: FastAPI, limits: BodyLimits) -> list[BaseRoute]:
    """The routes of both surfaces, for the application's own router.

    An included router would be matched twice. The flat surface comes first: `/api/v1/tasks` would
    match `/api/{user_id}/tasks`, too.
    """
    return [
        *_surface(app, "/api/v1/tasks", "-flat", create_owned_task, run_owned_batch, limits),
        *_surface(app, "/api/{user_id}/tasks", "", create_task, run_batch, limits),
    ]
