"""The reason of an outage in the log: once, not once a request."""

import logging
import time

QUIET_PERIOD = 10.0
"""Seconds without a reason being reported after which it is news again."""

MAX_REASONS = 64
"""Reasons that are remembered at a time."""

_log = logging.getLogger("backend.incidents")
_last_seen: dict[str, float] = {}


def report_once(reason: str) -> None:
    """Log a reason for answering 503, unless it is known and still going on."""
    now = time.monotonic()
    is_news = now - _last_seen.pop(reason, -QUIET_PERIOD) >= QUIET_PERIOD
    _last_seen[reason] = now  # the newest last
    if len(_last_seen) > MAX_REASONS:
        del _last_seen[next(iter(_last_seen))]
    if is_news:
        _log.warning("%s", reason)


def forget() -> None:
    """Let every reason be news: for tests."""
    _last_seen.clear()
