"""What keeps coverage's tracer from spinning for ever (specs/decisions/0126)."""

import sys
import threading
from types import FrameType
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]

_kept: list[object] = []


def keep_greenlets_of_threads() -> None:
    """Where threads are traced, let the greenlet of each new one outlive its thread."""
    if threading.gettrace():
        threading.setprofile(_keep)


def _keep(_frame: FrameType, _event: str, _argument: Any) -> None:
    """At the first call in a thread; there is no other use of a profiler here.

    It is kept twice: greenlet takes a single reference that the collector does not find for a
    forgotten one, and drops it, and of what is frozen the collector finds none.
    """
    _kept.extend([getcurrent()] * 2)
    sys.setprofile(None)
