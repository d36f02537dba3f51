"""What handlers are given: a session, the owner, the owner's tasks."""

from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Query, Request
from sqlmodel import Session

from backend.api.responses import root_of
from backend.api.schemas.fields import UserId
from backend.api.schemas.headers import IfNoneMatch
from backend.api.schemas.lists import FilterParameters, ListParameters
from backend.api.schemas.tasks import OwnedTaskContent
from backend.errors import FieldError, Forbidden, InvalidRequest, Overloaded
from backend.queries.filters import Filters
from backend.services.readiness import require_migrated
from backend.services.tasks import ListQuery, TaskService

# All async: a plain function would cost a hop to a thread and back.


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


def _tasks_of(owner: int, request: Request, session: Session) -> TaskService:
    address = f"{root_of(request)}/api/{owner}/tasks/"
    return TaskService(session, owner, address, request.app.state.request_timeout)


async def get_service(
    request: Request, user_id: UserId, caller: Caller, session: RequestSession
) -> TaskService:
    """The tasks of `user_id`: of the path on the primary surface, of the query on the flat one."""
    return _tasks_of(_authorised(user_id, caller), request, session)


async def get_body_service(
    request: Request, body: OwnedTaskContent, caller: Caller, session: RequestSession
) -> TaskService:
    """The tasks of the owner whom the body names."""
    return _tasks_of(_authorised(body.user_id, caller), request, session)


def _filters(given: FilterParameters, *, deleted: bool = False) -> Filters:
    return Filters(
        completed=given.completed,
        priority=given.priority,
        tag=given.tag,
        q=given.q,
        due_from=given.due_from,
        due_to=given.due_to,
        time_zone=given.time_zone,
        updated_since=given.updated_since,
        deleted=deleted,
    )


async def get_doomed(request: Request, given: Annotated[FilterParameters, Query()]) -> Filters:
    """What a bulk DELETE is about. Neither an empty search box nor a condition is overlooked."""
    if given.q is not None and not given.q.strip():
        raise InvalidRequest(errors=(FieldError("query.q", "must name a word here", "blank"),))
    if "if-match" in request.headers:
        errors = (FieldError("header.if-match", "is not taken for many tasks", "unsupported"),)
        raise InvalidRequest(errors=errors)
    return _filters(given)


async def get_list_query(
    given: Annotated[ListParameters, Query()], if_none_match: IfNoneMatch = ()
) -> ListQuery:
    """What the list is asked for."""
    wanted = _filters(given, deleted=given.deleted)
    return ListQuery(
        wanted, given.sort, given.limit, given.cursor, given.count, known=if_none_match
    )


async def require_ready(request: Request) -> None:
    """Raise Overloaded at the end of the process, DatabaseUnavailable unless it can serve.

    In a thread of its own: it must answer when all others wait for the database.
    """
    state = request.app.state
    if state.draining:
        raise Overloaded("The service is shutting down.")
    await to_thread.run_sync(require_migrated, state.sessions, limiter=state.readiness)


Doomed = Annotated[Filters, Depends(get_doomed)]
Listed = Annotated[ListQuery, Depends(get_list_query)]
Tasks = Annotated[TaskService, Depends(get_service)]
BodyOwnersTasks = Annotated[TaskService, Depends(get_body_service)]
