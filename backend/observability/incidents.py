"""The reason of an outage in the log: once, not once a request."""

import logging
import re
import time
from urllib.parse import quote, quote_plus

QUIET_PERIOD = 60.0
"""Seconds without a reason being reported after which it is news again: longer than the usual time
between two probes of a service that is not ready."""

MAX_REASONS = 64
"""Reasons that are remembered at a time."""

MIN_SECRET = 4
"""Characters of a secret below which it is looked for as a word: it may be part of many."""

_log = logging.getLogger("backend.incidents")
_last_seen: dict[str, float] = {}
_secrets: dict[str, None] = {}


def keep_secret(*secrets: object) -> None:
    """Never write these to the log: a library's words may repeat what it was given."""
    for secret in secrets:
        if isinstance(secret, str) and secret:
            _secrets.update(dict.fromkeys((secret, quote(secret, safe=""), quote_plus(secret))))


def _without_secrets(reason: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET:
            reason = reason.replace(secret, "***")
        else:
            reason = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", reason)
    return reason


def report_once(reason: str) -> None:
    """Log a reason for answering 503, unless it is known and still going on."""
    reason = _without_secrets(reason)
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
