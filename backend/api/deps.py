"""What handlers are given: a session, the owner, the owner's tasks."""

import time
from dataclasses import replace
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Query, Request
from sqlmodel import Session

from backend.api.responses import Presenter
from backend.api.schemas.fields import Day, Instant, Tag, UserId
from backend.api.schemas.queries import (
    Choice,
    Cursor,
    IfNoneMatch,
    Limit,
    SearchText,
    Sort,
    TimeZone,
)
from backend.api.schemas.task import OwnedTaskContent
from backend.errors import FieldError, Forbidden, InvalidRequest, NotMigrated, Overloaded
from backend.models.database import Sessions, is_migrated
from backend.models.deadline import deadline
from backend.models.task import Priority
from backend.services.faults import translated
from backend.services.filters import Filters
from backend.services.sorting import DEFAULT as DEFAULT_SORT
from backend.services.tasks import ListQuery, TaskService

READY_TIMEOUT = 1.5
"""Seconds that the database has to show that it is there."""

# All async: a plain function would take one of the few threads that serve the database.


async def get_session(request: Request) -> Session:
    """A session of this request. Each step of a service takes a connection and gives it back.

    So nothing is left to close when the answer is on its way, which would be too late (`Attempts`).
    """
    session: Session = request.app.state.sessions()
    return session


async def get_caller() -> int | None:
    """Who is calling: the seam of the owner. Nobody is known in this phase.

    The JWT phase returns the verified subject here, or raises; nothing else changes.
    """
    return None


Caller = Annotated[int | None, Depends(get_caller)]
RequestSession = Annotated[Session, Depends(get_session)]


def _authorised(claimed: int, caller: int | None) -> int:
    """The claimed owner, unless the caller is known to be somebody else; raises Forbidden."""
    if caller is not None and caller != claimed:
        raise Forbidden
    return claimed


async def get_service(
    request: Request, user_id: UserId, caller: Caller, session: RequestSession
) -> TaskService:
    """The tasks of `user_id`: of the path on the primary surface, of the query on the flat one."""
    owner = _authorised(user_id, caller)
    return TaskService(session, owner, request.app.state.request_timeout)


async def get_body_service(
    request: Request, body: OwnedTaskContent, caller: Caller, session: RequestSession
) -> TaskService:
    """The tasks of the owner whom the body names."""
    owner = _authorised(body.user_id, caller)
    return TaskService(session, owner, request.app.state.request_timeout)


async def get_filters(  # noqa: PLR0913, PLR0917  (they are the contract's)
    completed: Choice | None = None,
    priority: Annotated[list[Priority], Query(description="Any of these.")] = [],  # noqa: B006
    tag: Annotated[list[Tag], Query(description="All of these.")] = [],  # noqa: B006
    q: SearchText = None,
    due_from: Annotated[Day | None, Query(description="First day, inclusive.")] = None,
    due_to: Annotated[Day | None, Query(description="Last day, inclusive.")] = None,
    time_zone: TimeZone = "UTC",
    updated_since: Annotated[Instant | None, Query(description="Inclusive.")] = None,
) -> Filters:
    """Which tasks of the collection are meant."""
    return Filters(
        completed=completed,
        priority=tuple(priority),
        tag=tuple(tag),
        q=q,
        due_from=due_from,
        due_to=due_to,
        time_zone=time_zone,
        updated_since=updated_since,
    )


async def get_doomed(
    request: Request, filters: Annotated[Filters, Depends(get_filters)]
) -> Filters:
    """What a bulk DELETE is about. Neither an empty search box nor a condition is overlooked."""
    if filters.q is not None and not filters.q.strip():
        raise InvalidRequest(errors=(FieldError("query.q", "must name a word here", "blank"),))
    if "if-match" in request.headers:
        errors = (FieldError("header.if-match", "is not taken for many tasks", "unsupported"),)
        raise InvalidRequest(errors=errors)
    return filters


async def get_list_query(
    filters: Annotated[Filters, Depends(get_filters)],
    deleted: Annotated[Choice, Query(description="List the trash.")] = False,
    sort: Sort = DEFAULT_SORT,
    limit: Limit = 500,
    cursor: Cursor = None,
    count: Annotated[Choice, Query(description="Add `X-Total-Count`.")] = False,
    if_none_match: IfNoneMatch = (),
) -> ListQuery:
    """What the list is asked for."""
    wanted = replace(filters, deleted=deleted)
    return ListQuery(wanted, sort, limit, cursor, count, known=if_none_match)


async def get_presenter(request: Request) -> Presenter:
    """Renders answers whose URLs begin with `PUBLIC_URL`, or as the request's does."""
    root = request.app.state.public_url or str(request.base_url).rstrip("/")
    return Presenter(root, request.url.path, request.url.query)


async def require_ready(request: Request) -> None:
    """Raise Overloaded at the end of the process, DatabaseUnavailable unless it can serve.

    In a thread of its own: it must answer when all others wait for the database.
    """
    state = request.app.state
    if state.draining:
        raise Overloaded("The service is shutting down.")
    await to_thread.run_sync(_require_migrated, state.sessions, limiter=state.readiness)


def _require_migrated(sessions: Sessions) -> None:
    with deadline(time.monotonic() + READY_TIMEOUT), translated():
        if not is_migrated(sessions):
            raise NotMigrated


Doomed = Annotated[Filters, Depends(get_doomed)]
Listed = Annotated[ListQuery, Depends(get_list_query)]
Tasks = Annotated[TaskService, Depends(get_service)]
BodyOwnersTasks = Annotated[TaskService, Depends(get_body_service)]
Present = Annotated[Presenter, Depends(get_presenter)]
