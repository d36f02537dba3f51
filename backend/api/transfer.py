"""Dependencies of the handlers of exports and imports."""

import io
from collections.abc import AsyncIterator
from typing import Annotated
from zoneinfo import ZoneInfo

from anyio import to_thread
from fastapi import Depends, Query, Request

from backend.api.dependencies import RequestSession, filters_of, get_owned_session
from backend.api.responses import address_of
from backend.api.routing.json_body import require_uncompressed
from backend.api.routing.media_types import text_type
from backend.api.schemas.headers import IfNoneMatch
from backend.api.schemas.transfer import ExportParameters, ImportParameters
from backend.database.execution import OwnedSession
from backend.errors import FieldError, InvalidRequest, UnsupportedMediaType
from backend.exports import Export
from backend.runtime import Runtime
from backend.services.lists import ListQuery
from backend.services.transfer.formats import ANY_FORMAT, FORMATS
from backend.services.transfer.importing import ImportService
from backend.services.transfer.reading import Contents, Reading
from backend.services.transfer.record import Flaw
from backend.services.transfer.source import Source

MAX_TASKS = 5000
"""Tasks that one request imports: a second or two of work; a request has eight."""

MAX_LINES = 400_000
"""Of one file: those of 5,000 tasks of iCalendar, four times."""

MAX_ITEMS = 20_000
"""Rows, components and values of one file, whether they become tasks or are left out."""

PAGE = 500
"""Tasks that an export reads at once."""

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_NO_KEY = FieldError(
    "header.Idempotency-Key",
    "is not supported: an import is safe to repeat without one, for it makes nothing twice",
    "unsupported_header",
)
Owned = Annotated[OwnedSession, Depends(get_owned_session)]


async def get_export(
    request: Request, owned: Owned, session: RequestSession
) -> AsyncIterator[Export]:
    """One of the export slots, until the response has been sent. Raises Overloaded."""
    runtime: Runtime = request.app.state.runtime
    address = address_of(request, owned.owner)
    with runtime.exports.export(session, owned.owner, address) as export:
        yield export


async def get_export_query(
    parameters: Annotated[ExportParameters, Query()], if_none_match: IfNoneMatch = None
) -> ListQuery:
    """The query for the first page of an export."""
    filters = filters_of(parameters, deleted=parameters.deleted)
    known = None if filters.follow_the_clock else if_none_match
    return ListQuery(filters, parameters.sort, PAGE, if_none_match=known, exported=True)


async def get_imports(session: Owned) -> ImportService:
    """The service that writes the tasks of a file."""
    return ImportService(session)


async def get_contents(
    request: Request, parameters: Annotated[ImportParameters, Query()], imports: "Imports"
) -> AsyncIterator[Contents]:
    """The tasks in the body, when it is its turn, which lasts until the answer has been sent.

    It is read in a thread; meanwhile it holds no connection. Raises InvalidRequest with all that
    is wrong in it, and Overloaded.
    """
    if "idempotency-key" in request.headers:
        raise InvalidRequest(errors=(_NO_KEY,))
    _require_type(request, parameters.format)
    body, zone = await request.body(), ZoneInfo(parameters.time_zone)
    source = Source(io.BytesIO(body), zone, MAX_LINES, MAX_ITEMS)
    reading = Reading(FORMATS[parameters.format].read, source)
    gates = request.app.state.runtime.gates
    async with gates.turn_to_import():
        limiter = gates.computing
        contents = await to_thread.run_sync(reading.take, MAX_TASKS + 1, limiter=limiter)
        _require_good(contents)
        yield contents


def _require_type(request: Request, name: str) -> None:
    """Raise UnsupportedMediaType unless the body may be a file of this format."""
    require_uncompressed(request)
    allowed = dict.fromkeys((*FORMATS[name].media_types, *ANY_FORMAT))
    sent = text_type(request.headers.get("content-type", ""))
    if sent in allowed:
        return
    detail = f"Send the file itself, in UTF-8, with one of these types: {', '.join(allowed)}."
    if sent in _FORMS or sent is None:
        kind = FORMATS[name].media_types[0]
        detail += f" With curl: --data-binary @FILE -H 'Content-Type: {kind}'; -d breaks lines."
    raise UnsupportedMediaType(detail)


def _require_good(contents: Contents) -> None:
    flaws = contents.flaws
    if len(contents.records) > MAX_TASKS:
        message = f"must have at most {MAX_TASKS} tasks: split it, or use the command"
        flaws = [Flaw(contents.records[MAX_TASKS].line, message, "too_many")]
    if flaws:
        raise InvalidRequest(errors=tuple(map(_field_error, flaws)))


def _field_error(flaw: Flaw) -> FieldError:
    place = f"body.line.{flaw.line}"
    return FieldError(f"{place}.{flaw.field}" if flaw.field else place, flaw.message, flaw.code)


Exported = Annotated[Export, Depends(get_export)]
ExportQuery = Annotated[ListQuery, Depends(get_export_query)]
Imports = Annotated[ImportService, Depends(get_imports)]
FileContents = Annotated[Contents, Depends(get_contents)]
