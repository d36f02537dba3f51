"""Looks at every statement from the outside: does it name the owner of its request?"""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Engine, event

from backend.tests.support.in_process import InProcessClient

_READS = re.compile(
    r'\b(?:FROM|JOIN|UPDATE|DELETE FROM)\s+"?(?:tasks|task_lists|idempotency_keys)"?\b'
)
_OWNED = re.compile(r"\b(?:tasks|task_lists|idempotency_keys)\.user_id = %\(owner\)s")
_TOUCHES = re.compile(r"\b(?:tasks|task_lists|idempotency_keys)\b")


class Recorder:
    """The statements that an engine sent, with their parameters."""

    def __init__(self, engine: Engine) -> None:
        self.statements: list[tuple[str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._record)

    def _record(self, _c: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        self.statements.append((sql, parameters))

    def require_owner(self, owner: int | None) -> None:
        """Fail unless each recorded statement on tasks names this owner wherever it reads."""
        for sql, parameters in self.statements:
            if _TOUCHES.search(sql):
                assert parameters["owner"] == owner, sql
                assert len(_OWNED.findall(sql)) >= len(_READS.findall(sql)), sql


def owner_of(url: str, body: Any) -> int | None:
    """Whom a request is about, read from the outside: its path, its query, or its body."""
    parts = urlsplit(url)
    if match := re.match(r"/api/(\d+)/tasks", parts.path):
        return int(match[1])
    claimed: Any = parse_qs(parts.query).get("user_id", [None])[0]
    if claimed is None and isinstance(body, dict):
        claimed = body.get("user_id")
    try:
        return int(claimed)
    except (TypeError, ValueError):
        return None


class RecordingClient(InProcessClient):
    """A client whose every request is checked for statements without its owner."""

    recorder: Recorder

    def request(self, method: str, url: Any, **options: Any) -> Any:
        self.recorder.statements.clear()
        response = super().request(method, url, **options)
        body = options.get("json")
        if body is None and isinstance(options.get("content"), bytes | str):
            try:
                body = json.loads(options["content"])
            except (ValueError, RecursionError):
                body = None
        self.recorder.require_owner(owner_of(str(url), body))
        return response
