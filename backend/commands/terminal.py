"""How an operator's command begins and ends: what goes wrong is one line and a status."""

import argparse
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.config import Settings
from backend.database.execution import OperatorSession
from backend.database.faults import DATABASE_ERRORS, driver_error
from backend.errors import AppError
from backend.models.task import MAX_ID
from backend.runtime import make_runtime

INTERRUPTED = 130
"""The status of a command that Ctrl-C ended, as shells have it (128 + SIGINT)."""

MAX_NAMED = 10
"""Owners that a line names at the most."""

ENDED = (AppError, *DATABASE_ERRORS)
"""The errors that a command's statement may raise."""


class Stopped(SystemExit):
    """Ends a command; its line has been printed."""


@contextmanager
def operator_session(name: str, settings: Settings) -> Iterator[OperatorSession]:
    """A session for the block; `name` begins the line about an error that ends it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The service logs why it answers 503; here the same reason is in the line at the end.
    logging.getLogger("backend").addHandler(logging.NullHandler())
    runtime = make_runtime(settings)
    try:
        with runtime.sessions() as session:
            yield OperatorSession(session)
    except ENDED as error:
        raise SystemExit(f"{name} ended: {told(error)}") from None
    except KeyboardInterrupt:
        raise Stopped(INTERRUPTED) from None
    finally:
        runtime.dispose()


def owner_id(text: str) -> int:
    """A positive 64-bit integer."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_ID):
        raise argparse.ArgumentTypeError("must be the number of an owner")
    return int(text)


def zone(text: str) -> ZoneInfo:
    """An IANA time zone."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError("must be a time zone like Europe/Berlin") from None


def told(error: BaseException) -> str:
    """Our words, and why."""
    ours, reason = str(error), why(error)
    is_ours = isinstance(error, AppError) and reason != ours
    return f"{ours} ({reason})" if is_ours else reason


def why(error: BaseException) -> str:
    """The driver's first line, which has no row's content and no secret in it, or our words."""
    cause = driver_error(error) or driver_error(error.__cause__)
    lines = str(cause or "").strip().splitlines()
    return lines[0].strip() if lines else str(error)


def named(owners: list[int]) -> str:
    """Such as `owners 1, 2 and 3 more`."""
    shown = ", ".join(map(str, owners[:MAX_NAMED]))
    more = f" and {len(owners) - MAX_NAMED} more" if len(owners) > MAX_NAMED else ""
    return f"owner{'s' if len(owners) > 1 else ''} {shown}{more}"
