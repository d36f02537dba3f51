"""Rows as answers, rendered in the handler's thread: nothing is validated or dumped twice."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Response
from pydantic import TypeAdapter

from backend.api.schemas.task import TaskRead

_JSON = "application/json"
_LIST = TypeAdapter(list[TaskRead])
Row = Mapping[Any, Any]


class Presenter:
    """Renders tasks for one request: `root` begins every URL; `path` and `query` are its own."""

    def __init__(self, root: str, path: str, query: str) -> None:
        self._root = root
        self._path = path
        self._query = query

    def task(self, row: Row) -> Response:
        """200 with the task and its ETag."""
        return self._single(row, 200, {})

    def created(self, row: Row) -> Response:
        """201 with the task, its ETag and its address."""
        return self._single(row, 201, {"Location": self._url(row)})

    def page(self, rows: Sequence[Row], next_cursor: str | None) -> Response:
        """200 with the bare array, and a link to the next page if there is one (RFC 8288)."""
        body = _LIST.dump_json([self._read(row) for row in rows])
        headers = {"Link": f'<{self._next(next_cursor)}>; rel="next"'} if next_cursor else {}
        return Response(body, headers=headers, media_type=_JSON)

    def _single(self, row: Row, status: int, headers: dict[str, str]) -> Response:
        headers["ETag"] = f'"{row["revision"]}"'
        return Response(self._read(row).model_dump_json(), status, headers, _JSON)

    def _read(self, row: Row) -> TaskRead:
        return TaskRead.model_validate({**row, "url": self._url(row)})

    def _url(self, row: Row) -> str:
        return f"{self._root}/api/{row['user_id']}/tasks/{row['id']}"

    def _next(self, cursor: str) -> str:
        kept = [(name, value) for name, value in parse_qsl(self._query) if name != "cursor"]
        return f"{self._root}{self._path}?{urlencode([*kept, ('cursor', cursor)])}"
