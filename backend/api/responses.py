"""Builds HTTP responses; the JSON is sent as the database rendered it."""

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from backend.api.schemas.transfer import ExportParameters
from backend.api.streaming import StreamedResponse
from backend.errors import PreconditionFailed, UriTooLong
from backend.exports import Export
from backend.services.batch import Batch
from backend.services.changes import Changes
from backend.services.entity_tags import EntityTags, tag_of
from backend.services.lists import ListQuery, Page
from backend.services.summary import Summary
from backend.services.tasks import Answer, Created
from backend.services.transfer.formats import OUTGOING
from backend.services.transfer.record import MESSAGES
from backend.services.transfer.report import SKIPPED, Report

MAX_CURSOR = 2048
"""Characters of a cursor: a title of 200 control characters, and every other key, has 1,900."""

_JSON = "application/json"
_QUERY = "%!$&'()*+,;=:@/?"


def root_of(request: Request) -> str:
    """The beginning of every URL: `PUBLIC_URL`, or the root that the request was sent to."""
    if public_url := request.app.state.runtime.settings.public_url:
        return str(public_url)
    scope = request.scope
    server = tuple(scope["server"] or ()) or None
    return _root(scope["scheme"], request.headers.get("host"), server, scope.get("root_path", ""))


def address_of(request: Request, owner: int) -> str:
    """The beginning of the `url` of each of an owner's tasks."""
    return f"{root_of(request)}/api/{owner}/tasks/"


def path_of(request: Request) -> str:
    """The path without what `root_of` ends with: `path` begins with `root_path` (ASGI)."""
    scope = request.scope
    path: str = scope["path"][len(scope.get("root_path", "")) :]
    return path


@lru_cache(maxsize=1024)  # clients choose the host
def _root(scheme: str, host: str | None, server: tuple[Any, ...] | None, root_path: str) -> str:
    headers = [(b"host", host.encode("latin-1"))] if host is not None else []
    scope = {"type": "http", "scheme": scheme, "headers": headers, "server": server}
    return str(Request({**scope, "root_path": root_path}).base_url).rstrip("/")


def task_response(task: Answer) -> Response:
    """200 with the task and its ETag."""
    return Response(task.json, 200, {"ETag": tag_of(task.revision)}, _JSON)


def read_response(
    task: Answer, if_match: EntityTags | None, if_none_match: EntityTags | None
) -> Response:
    """200 with the task, or 304 if the client has this revision; raises PreconditionFailed."""
    return _unless_known(task.revision, if_match, if_none_match) or task_response(task)


def created_response(created: Created) -> Response:
    """201 with the task, its ETag and its address."""
    task = created.task
    headers = {"Location": task.url, "ETag": tag_of(task.revision)}
    if created.is_replay:
        headers["Idempotent-Replayed"] = "true"
    return Response(task.json, 201, headers, _JSON)


def page_response(
    request: Request,
    page: Page,
    if_match: EntityTags | None,
    if_none_match: EntityTags | None,
) -> Response:
    """200 with the bare array and a link to the next page (RFC 8288), or 304; raises
    PreconditionFailed.
    """
    if known := _unless_known(page.revision, if_match, if_none_match):
        return known
    headers = {"ETag": tag_of(page.revision)} if page.is_of_revision else {}
    if page.next_cursor:
        place = f"cursor={page.next_cursor}"
        headers["Link"] = f'<{_next_page(request, place, {"cursor"})}>; rel="next"'
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    return Response(page.array, 200, headers, _JSON)


def restored_response(number: int) -> Response:
    """200 with the number of tasks that came out of the trash."""
    return Response(f'{{"restored":{number}}}', 200, media_type=_JSON)


def changes_response(request: Request, page: Changes) -> Response:
    """200 with a page of the feed, and a link to the next one while there is more."""
    has_more, after = json.dumps(page.has_more), page.next
    text = f'{{"items":[{",".join(page.items)}],"revision":{after.since},"has_more":{has_more}}}'
    if not page.has_more:
        return Response(text, 200, media_type=_JSON)
    place = f"since={after.since}"
    if after.began is not None:
        place += f"&began={after.began}"
    link = f'<{_next_page(request, place, {"since", "began"})}>; rel="next"'
    return Response(text, 200, {"Link": link}, _JSON)


def summary_response(summary: Summary) -> Response:
    """200 with the numbers, or 304 if the client has them."""
    headers = {"ETag": summary.tag}
    if summary.json is None:
        return Response(status_code=304, headers=headers)
    return Response(summary.json, 200, headers, _JSON)


def batch_response(batch: Batch) -> Response:
    """200 with one result per operation."""
    results = (
        f'{{"status":{one.status},"task":{one.task}}}' if one.task else f'{{"status":{one.status}}}'
        for one in batch.results
    )
    headers = {"Idempotent-Replayed": "true"} if batch.is_replay else {}
    return Response(f'{{"results":[{",".join(results)}]}}', 200, headers, _JSON)


def export_response(
    export: Export,
    query: ListQuery,
    page: Page,
    parameters: ExportParameters,
    if_match: EntityTags | None,
) -> Response:
    """200 with the file, which begins with this page, or 304; raises PreconditionFailed."""
    if known := _unless_known(page.revision, if_match, query.if_none_match):
        return known
    kind = OUTGOING[parameters.format]
    headers = {"ETag": tag_of(page.revision)} if page.is_of_revision else {}
    headers["Content-Disposition"] = f'attachment; filename="{kind.file_name}"'
    writer = kind.writer(ZoneInfo(parameters.time_zone))
    return StreamedResponse(export.parts(query, page, writer), kind.media_type, headers)


def report_response(report: Report) -> Response:
    """200 with the report of an import."""
    tally = report.left_out
    left_out = [
        {"what": what, "message": MESSAGES[what], "count": count, "lines": tally.lines[what]}
        for what, count in sorted(tally.counts.items())
    ]
    shown = {
        "dry_run": report.dry_run,
        "made": report.made,
        "changed": report.changed,
        "skipped": {name: report.skipped[name] for name in SKIPPED},
        "not_carried_over": left_out,
    }
    return Response(json.dumps(shown), 200, media_type=_JSON)


def require_room_for_cursor(request: Request) -> None:
    """Raise UriTooLong for a list whose next page would have too long an address."""
    sent = request.scope["query_string"]
    if len(sent) * 3 + len(request.scope["raw_path"]) + MAX_CURSOR < UriTooLong.limit:
        return  # however much of it needs to be encoded
    kept = _without(request, {"cursor"})
    target = f"{request.scope['raw_path'].decode('latin-1')}?{kept}&cursor="
    room = UriTooLong.limit - MAX_CURSOR
    if len(target) > room:
        raise UriTooLong(f"The address of a list may have {room} bytes: pages add a cursor to it.")


def _next_page(request: Request, place: str, names: Collection[str]) -> str:
    """The same query with the parameters of the next page.

    The client's own spelling of the rest is kept: another one could exceed the limit.
    """
    kept = _without(request, names)
    query = f"{kept}&{place}" if kept else place
    return f"{root_of(request)}{path_of(request)}?{query}"


def _without(request: Request, names: Collection[str]) -> str:
    """The query without these parameters, encoded only where RFC 3986, 3.4 requires it."""
    parts = request.scope["query_string"].decode("latin-1").split("&")
    kept = [part for part in parts if part and unquote_plus(part.partition("=")[0]) not in names]
    return quote("&".join(kept), safe=_QUERY, encoding="latin-1")


def _unless_known(
    revision: int, if_match: EntityTags | None, if_none_match: EntityTags | None
) -> Response | None:
    """The status that the conditions of a read lead to (RFC 9110, 13.2.2); None means 200."""
    if if_match is not None and not if_match.match(revision):
        raise PreconditionFailed("This is another revision than `If-Match` names.")
    if if_none_match is not None and if_none_match.have(revision):
        return Response(status_code=304, headers={"ETag": tag_of(revision)})
    return None
