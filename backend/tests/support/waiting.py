"""Waiting for what another process does."""

import time
from collections.abc import Callable

STALL = 5.0
"""Seconds that a machine which others use may stand still: no test fails because of it."""


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    """Fail unless it comes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
