"""What handlers are given: a session, the owner, the owner's tasks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

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
from backend.errors import DatabaseUnavailable, FieldError, Forbidden, InvalidRequest, Overloaded
from backend.models.database import Sessions, is_migrated
from backend.models.task import Priority
from backend.services.faults import translated
from backend.services.filters import Filters
from backend.services.sorting import DEFAULT as DEFAULT_SORT
from backend.services.tasks import ListQuery, TaskService

# Async but for one: a plain function would take one of the few threads that serve the database.


async def get_sessions(request: Request) -> Sessions:
    """Where sessions come from."""
    sessions: Sessions = request.app.state.sessions
    return sessions


async def get_session(
    sessions: Annotated[Sessions, Depends(get_sessions)],
) -> AsyncIterator[Session]:
    """A session of this request. It holds a connection only while a service executes."""
    with sessions() as session:
        yield session


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


async def get_service(user_id: UserId, caller: Caller, session: RequestSession) -> TaskService:
    """The tasks of `user_id`: of the path on the primary surface, of the query on the flat one."""
    return TaskService(session, _authorised(user_id, caller))


async def get_body_service(
    body: OwnedTaskContent, caller: Caller, session: RequestSession
) -> TaskService:
    """The tasks of the owner whom the body names."""
    return TaskService(session, _authorised(body.user_id, caller))


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


async def get_doomed(filters: Annotated[Filters, Depends(get_filters)]) -> Filters:
    """What a bulk DELETE is about. An empty search box must not mean everything."""
    if filters.q is not None and not filters.q.strip():
        raise InvalidRequest(errors=(FieldError("query.q", "must name a word here", "blank"),))
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


async def require_staying(request: Request) -> None:
    """Raise Overloaded once the process was told to end: a load balancer looks elsewhere then."""
    if request.app.state.draining:
        raise Overloaded("The service is shutting down.")


def require_ready(
    _: Annotated[None, Depends(require_staying)],
    sessions: Annotated[Sessions, Depends(get_sessions)],
) -> None:
    """Raise DatabaseUnavailable, saying why, unless the database can serve. Needs a thread."""
    with translated():
        if not is_migrated(sessions):
            raise DatabaseUnavailable("The database is not at the newest migration.")


Doomed = Annotated[Filters, Depends(get_doomed)]
Listed = Annotated[ListQuery, Depends(get_list_query)]
Tasks = Annotated[TaskService, Depends(get_service)]
BodyOwnersTasks = Annotated[TaskService, Depends(get_body_service)]
Present = Annotated[Presenter, Depends(get_presenter)]
