"""Dependencies of the handlers: the owner's services, and the parsed query parameters.

All of them are async: FastAPI would run a plain function in a worker thread.
"""

import time
from collections.abc import AsyncIterator
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Query, Request
from sqlmodel import Session

from backend.api.responses import address_of, require_room_for_cursor
from backend.api.schemas.batch import OwnedBatchContent
from backend.api.schemas.changes import LastEventId, Since
from backend.api.schemas.fields import UserId
from backend.api.schemas.headers import IfNoneMatch
from backend.api.schemas.lists import FilterParameters, ListParameters
from backend.api.schemas.tasks import OwnedTaskContent
from backend.database.execution import OwnedSession
from backend.database.retries import Attempts
from backend.errors import FieldError, Forbidden, InvalidRequest, Overloaded
from backend.events.subscribers import Event
from backend.queries.filters import Filters
from backend.queries.search import patterns
from backend.runtime import Runtime
from backend.services.batch import BatchService
from backend.services.changes import ChangeService
from backend.services.lists import ListQuery, ListService
from backend.services.moves import MoveService
from backend.services.summary import SummaryService
from backend.services.tasks import TaskService


async def get_session(request: Request) -> Session:
    """The session of this request.

    Each statement takes a connection and gives it back, so nothing is left to close once the
    response is on its way, which would be too late (`database/retries.py`).
    """
    session: Session = request.app.state.runtime.sessions()
    return session


async def get_caller() -> int | None:
    """Who is calling: the owner seam.

    This phase knows no callers. The JWT phase returns the verified subject here, or raises; nothing
    else changes.
    """
    return None


Caller = Annotated[int | None, Depends(get_caller)]
RequestSession = Annotated[Session, Depends(get_session)]


def _owned(claimed: int, caller: int | None, request: Request, session: Session) -> OwnedSession:
    """The rows of the claimed owner; raises Forbidden if the caller is known to be someone else."""
    if caller is not None and caller != claimed:
        raise Forbidden
    runtime: Runtime = request.app.state.runtime
    request.state.owner = claimed
    since: float = getattr(request.state, "waits_since", time.monotonic())
    until = since + runtime.settings.request_timeout
    address = address_of(request, claimed)
    attempts = Attempts(until, runtime.settings.retry_window, runtime.outages)
    return OwnedSession(session, claimed, address, attempts)


async def get_owned_session(
    request: Request, user_id: UserId, caller: Caller, session: RequestSession
) -> OwnedSession:
    """The rows of `user_id`: in the path on the primary surface, in the query on the flat one."""
    return _owned(user_id, caller, request, session)


async def get_tasks(session: Annotated[OwnedSession, Depends(get_owned_session)]) -> TaskService:
    """Operations on one task of the owner."""
    return TaskService(session)


async def get_moves(session: Annotated[OwnedSession, Depends(get_owned_session)]) -> MoveService:
    """Changes to the order of the owner's tasks."""
    return MoveService(session)


async def get_lists(session: Annotated[OwnedSession, Depends(get_owned_session)]) -> ListService:
    """Operations on many tasks of the owner."""
    return ListService(session)


async def get_changes(
    session: Annotated[OwnedSession, Depends(get_owned_session)],
) -> ChangeService:
    """The owner's change feed."""
    return ChangeService(session)


async def get_body_owners_tasks(
    request: Request, body: OwnedTaskContent, caller: Caller, session: RequestSession
) -> TaskService:
    """Operations on one task of the owner named in the body."""
    return TaskService(_owned(body.user_id, caller, request, session))


async def get_summaries(
    session: Annotated[OwnedSession, Depends(get_owned_session)],
) -> SummaryService:
    """Counts of the owner's tasks."""
    return SummaryService(session)


async def get_batches(
    session: Annotated[OwnedSession, Depends(get_owned_session)],
) -> BatchService:
    """Batches of operations of the owner."""
    return BatchService(session)


async def get_body_owners_batches(
    request: Request, body: OwnedBatchContent, caller: Caller, session: RequestSession
) -> BatchService:
    """Batches of operations of the owner named in the body."""
    return BatchService(_owned(body.user_id, caller, request, session))


async def get_events(
    request: Request,
    session: Annotated[OwnedSession, Depends(get_owned_session)],
    since: Since = None,
    last_event_id: LastEventId = None,
) -> AsyncIterator[AsyncIterator[Event]]:
    """What changes after the given revision, or from now on; the place lasts as long as the stream.

    Now is before the answer begins: a client that knows that it is connected misses nothing. Raises
    Overloaded, and what a statement raises.
    """
    runtime: Runtime = request.app.state.runtime
    address = address_of(request, session.owner)
    begin = since if last_event_id is None else last_event_id
    with runtime.events.subscription(session.owner, address) as subscription:
        if begin is None:
            now = ChangeService(session).now
            begin = await runtime.gates.in_database(session.owner, now)
        yield subscription.follow(begin)


def filters_of(parameters: FilterParameters, *, deleted: bool = False) -> Filters:
    """What the query of a request asks for; `deleted` means the trash."""
    asked = {name: getattr(parameters, name) for name in parameters.model_fields_set}
    return Filters(asked, parameters.time_zone, deleted=deleted)


async def get_bulk_filters(parameters: Annotated[FilterParameters, Query()]) -> Filters:
    """The filters of a bulk write. An empty search must not select every task."""
    if parameters.q is not None and not patterns(parameters.q):
        raise InvalidRequest(errors=(FieldError("query.q", "must have a word here", "blank"),))
    return filters_of(parameters)


async def get_trash_filters(parameters: Annotated[FilterParameters, Query()]) -> Filters:
    """The same, for the trash."""
    await get_bulk_filters(parameters)
    return filters_of(parameters, deleted=True)


async def get_list_query(
    request: Request,
    parameters: Annotated[ListParameters, Query()],
    if_none_match: IfNoneMatch = None,
) -> ListQuery:
    """The parsed query of a list. Raises UriTooLong if no cursor would fit into its address."""
    require_room_for_cursor(request)
    filters = filters_of(parameters, deleted=parameters.deleted)
    return ListQuery(
        filters,
        parameters.sort,
        parameters.limit,
        parameters.cursor,
        parameters.count,
        None if filters.follow_the_clock else if_none_match,
    )


async def require_ready(request: Request) -> None:
    """Raise Overloaded at the end of the process, DatabaseUnavailable unless it can serve.

    In a thread of its own: it must answer when all else waits for the database.
    """
    runtime: Runtime = request.app.state.runtime
    if runtime.gates.is_draining:
        raise Overloaded("The service is shutting down.")
    if not runtime.readiness.is_fresh:
        limiter = runtime.gates.readiness
        await to_thread.run_sync(runtime.readiness.require, runtime.sessions, limiter=limiter)


Tasks = Annotated[TaskService, Depends(get_tasks)]
Moves = Annotated[MoveService, Depends(get_moves)]
Lists = Annotated[ListService, Depends(get_lists)]
ChangeFeed = Annotated[ChangeService, Depends(get_changes)]
Summaries = Annotated[SummaryService, Depends(get_summaries)]
Followed = Annotated[AsyncIterator[Event], Depends(get_events)]
Batches = Annotated[BatchService, Depends(get_batches)]
BodyOwnersBatches = Annotated[BatchService, Depends(get_body_owners_batches)]
BodyOwnersTasks = Annotated[TaskService, Depends(get_body_owners_tasks)]
BulkFilters = Annotated[Filters, Depends(get_bulk_filters)]
TrashFilters = Annotated[Filters, Depends(get_trash_filters)]
ListRequest = Annotated[ListQuery, Depends(get_list_query)]
