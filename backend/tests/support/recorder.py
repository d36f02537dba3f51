"""Looks at every statement from the outside: does it name the owner of its request?"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Engine, event

from backend.database.compiled import Compiled
from backend.database.prepared import PreparedStatements
from backend.tests.support.in_process import InProcessClient

_TABLES = "tasks|task_lists|idempotency_keys"
_TOUCHES = re.compile(rf"\b(?:{_TABLES})\b", re.IGNORECASE)
_READS = re.compile(
    rf'(?<!\bINTO )(?<![\w.])"?\b({_TABLES})\b"?(?!\.)(?: AS "?(\w+)"?)?', re.IGNORECASE
)
"""A table where rows are read or changed: its name that is not before a column's, and its alias."""

_INSERTS = re.compile(rf'\bINTO "?(?:{_TABLES})\b', re.IGNORECASE)
_INSERTS_OWNER = re.compile(
    rf"\bINTO (?:{_TABLES}) \(user_id, [^()]*\) (?:\(?SELECT |VALUES \()%\(owner\)s\b"
)
_SETS_OWNER = re.compile(r'(?<![\w.])"?user_id"?\s*=', re.IGNORECASE)


@lru_cache(maxsize=1024)
def has_owner(sql: str) -> bool:
    """Whether all that is read, changed or inserted is the owner's, as far as text can tell."""
    reads = Counter(match[2] or match[1] for match in _READS.finditer(sql))
    named = Counter(re.findall(r"\b(\w+)\.user_id = %\(owner\)s", sql))
    return (
        reads <= named
        and len(_INSERTS.findall(sql)) == len(_INSERTS_OWNER.findall(sql))
        and not _SETS_OWNER.search(sql)
    )


class Recorder:
    """The statements that the connections of an engine sent, with their parameters."""

    def __init__(self, engine: Engine) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.sent: list[tuple[Compiled, Any]] = []
        """Those of the service, which were not SQLAlchemy's to execute."""
        event.listen(engine, "connect", self._watch)
        event.listen(engine, "before_cursor_execute", self._record)

    def clear(self) -> None:
        """Begin anew."""
        self.statements.clear()
        self.sent.clear()

    def _watch(self, connection: Any, _: Any) -> None:
        connection.prepared = _Watched(connection.prepared, self)

    def _record(self, _c: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        self.statements.append((sql, parameters))

    def require_owner(self, owner: int | None) -> None:
        """Fail unless each recorded statement on tasks names this owner wherever it reads."""
        for sql, parameters in self.statements:
            if _TOUCHES.search(sql):
                assert parameters["owner"] == owner, sql
                assert has_owner(sql), sql


class _Watched:
    """Notes what is executed, as text, whether it is prepared or not."""

    def __init__(self, prepared: PreparedStatements, recorder: Recorder) -> None:
        self._prepared = prepared
        self._recorder = recorder

    def execute(self, statement: Compiled, given: Mapping[str, Any], *how: Any) -> None:
        self._recorder.statements.append((statement.text, given))
        self._recorder.sent.append((statement, given))
        self._prepared.execute(statement, given, *how)


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
        self.recorder.clear()
        response = super().request(method, url, **options)
        body = options.get("json")
        if body is None and isinstance(options.get("content"), bytes | str):
            try:
                body = json.loads(options["content"])
            except (ValueError, RecursionError):
                body = None
        self.recorder.require_owner(owner_of(str(url), body))
        return response
