"""The reason of an outage in the log: once, not once a request."""

import logging
import math
import re
import time
from urllib.parse import quote, quote_plus

QUIET_PERIOD = 60.0
"""Seconds without a reason being reported after which it is news again: longer than the usual time
between two probes of a service that is not ready."""

MIN_PERIOD = 10.0
"""Seconds between two lines with one reason where outages follow each other."""

MAX_REASONS = 64
"""Reasons that are remembered at a time."""

MIN_SECRET = 4
"""Characters of a secret below which it is looked for as a word: it may be part of many."""

_log = logging.getLogger("backend.incidents")
_known: dict[str, tuple[float, float]] = {}
"""Of each reason: when it was reported last, and when it was logged last."""
_recovered = -math.inf
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
    """Log a reason for answering 503, or for soon doing so, unless it is known and goes on."""
    reason = _without_secrets(reason)
    now = time.monotonic()
    seen, logged = _known.pop(reason, (-math.inf, -math.inf))
    is_new_outage = _recovered > logged and now - logged >= MIN_PERIOD
    is_news = now - seen >= QUIET_PERIOD or is_new_outage
    _known[reason] = now, now if is_news else logged  # the newest last
    if len(_known) > MAX_REASONS:
        del _known[next(iter(_known))]
    if is_news:
        _log.warning("%s", reason)


def note_recovery() -> None:
    """An outage is over: what is reported from now on belongs to another one."""
    global _recovered  # noqa: PLW0603  (the log is one for the process, too)
    _recovered = time.monotonic()


def forget() -> None:
    """Let every reason be news: for tests."""
    _known.clear()
