"""Rows as answers, rendered in the handler's thread: nothing is validated or dumped twice."""

from urllib.parse import parse_qsl, urlencode

from fastapi import Response
from pydantic import TypeAdapter

from backend.api.schemas.task import TaskRead
from backend.services.tasks import Created, Page, Revisions, Row

_JSON = "application/json"
_LIST = TypeAdapter(list[TaskRead])


class Presenter:
    """Renders tasks for one request: `root` begins every URL; `path` and `query` are its own."""

    def __init__(self, root: str, path: str, query: str) -> None:
        self._root = root
        self._path = path
        self._query = query

    def task(self, row: Row, known: Revisions = ()) -> Response:
        """200 with the task and its ETag, or 304 if the client has this revision."""
        if known is None or row["revision"] in known:
            return _not_modified(row["revision"])
        return self._single(row, 200, {})

    def created(self, created: Created) -> Response:
        """201 with the task, its ETag and its address."""
        headers = {"Location": self._url(created.row)}
        if created.replayed:
            headers["Idempotent-Replayed"] = "true"
        return self._single(created.row, 201, headers)

    def page(self, page: Page, known: Revisions) -> Response:
        """200 with the bare array and a link to the next page (RFC 8288), or 304."""
        if known is None or page.revision in known:
            return _not_modified(page.revision)
        headers = {"ETag": f'"{page.revision}"'}
        if page.next_cursor:
            headers["Link"] = f'<{self._next(page.next_cursor)}>; rel="next"'
        if page.total is not None:
            headers["X-Total-Count"] = str(page.total)
        body = _LIST.dump_json([self._read(row) for row in page.rows])
        return Response(body, headers=headers, media_type=_JSON)

    def _single(self, row: Row, status: int, headers: dict[str, str]) -> Response:
        headers["ETag"] = f'"{row["revision"]}"'
        return Response(self._read(row).model_dump_json(), status, headers, _JSON)

    def _read(self, row: Row) -> TaskRead:
        return TaskRead.model_validate({**row, "url": self._url(row)})

    def _url(self, row: Row) -> str:
        return f"{self._root}/api/{row['user_id']}/tasks/{row['id']}"

    def _next(self, cursor: str) -> str:
        kept = [
            (name, value)
            for name, value in parse_qsl(self._query, keep_blank_values=True)
            if name != "cursor"
        ]
        return f"{self._root}{self._path}?{urlencode([*kept, ('cursor', cursor)])}"


def _not_modified(revision: int) -> Response:
    """304: the client has it (RFC 9110, 15.4.5)."""
    return Response(status_code=304, headers={"ETag": f'"{revision}"'})
