"""Export and import of files."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Response

from backend.api.openapi.transfer import EXPORTED, FILE, IMPORTED
from backend.api.responses import export_response, report_response
from backend.api.routing.event_loop import on_event_loop
from backend.api.routing.route import FileRoute
from backend.api.schemas.headers import IfMatch, IfNoneMatch
from backend.api.schemas.transfer import ExportParameters, ImportParameters, ImportRead
from backend.api.transfer import Exported, ExportQuery, FileContents, Imports


async def export_tasks(
    parameters: Annotated[ExportParameters, Query()],
    query: ExportQuery,
    export: Exported,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All tasks that match, as a file. A calendar may subscribe to `format=ics`.

    JSON is what the list answers, with `uid`, `parent_uid` and `repeat_of_uid`.
    """
    page = await export.page(query)
    return export_response(export, query, page, parameters, if_match)


def import_tasks(
    parameters: Annotated[ImportParameters, Query()], contents: FileContents, imports: Imports
) -> Response:
    """Bring the tasks of a file in: all, or none. Safe to repeat: it makes nothing twice.

    Sub-tasks find their parent in the file, or here, by its UID.
    """
    report = imports.run(contents, dry_run=parameters.dry_run)
    return report_response(report)


def add_transfer(router: APIRouter, app: FastAPI, tag: str, max_import_size: int) -> None:
    """Add both to a surface."""
    router.add_api_route("/export", export_tasks, methods=["GET"], tags=[tag], responses=EXPORTED)
    router.add_api_route(
        "/import",
        on_event_loop(import_tasks, app),
        methods=["POST"],
        tags=[tag],
        max_body_size=max_import_size,
        response_model=ImportRead,
        responses=IMPORTED,
        openapi_extra=FILE,
        route_class_override=FileRoute,
    )
