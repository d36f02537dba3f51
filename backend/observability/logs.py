"""Log lines: one a record, whatever is in it, as text for people or as JSON for machines."""

import json
import logging
import logging.config
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from backend.config import Settings
from backend.observability.tracing import trace_id

request_id: ContextVar[str] = ContextVar("request_id", default="-")
request_scope: ContextVar[Mapping[str, Any]] = ContextVar(
    "request_scope", default=MappingProxyType({})
)
"""The request that is being served (ASGI). Its `state` tells what was found out about it."""


def _facts() -> dict[str, object]:
    """What is known so far of the request that is being served."""
    scope = request_scope.get()
    state = scope.get("state", {})
    facts: dict[str, object] = {name: state[name] for name in ("owner", "route") if name in state}
    if identity := trace_id(scope.get("headers", ())):
        facts["trace_id"] = identity
    return facts


def _indented(trace: str) -> str:
    """No line of a trace begins as a record does, whatever an exception's text was made of."""
    return "\n".join(f"    {_escaped(line)}" for line in trace.split("\n"))


def _escaped(text: str) -> str:
    """Keep a record on its line: control characters as `\\n`, `\\x1b`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class TextFormatter(logging.Formatter):
    """`2026-11-21T07:45:33.258Z INFO backend.access [request id] message owner=1 route=/api/…`.

    An exception's trace is set in, below it.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = (
            f"{moment.replace('+00:00', 'Z')} {record.levelname} {record.name} [{request_id.get()}]"
        )
        facts = "".join(f" {name}={fact}" for name, fact in _facts().items())
        line = f"{head} {_escaped(record.getMessage())}{facts}"
        if record.exc_info is None:
            return line
        return f"{line}\n{_indented(self.formatException(record.exc_info))}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line; `trace` holds an exception's."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": request_id.get(),
            **_facts(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def configure_logging(settings: Settings) -> None:
    """Send every logger, uvicorn's too, through one handler on stderr."""
    formatter = JsonFormatter if settings.log_format == "json" else TextFormatter
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": settings.log_level.upper()},
            "loggers": {
                name: {"level": "NOTSET", "handlers": [], "propagate": name != "uvicorn.access"}
                for name in ("uvicorn", "uvicorn.error", "uvicorn.access")
            },
        }
    )
