"""When the database went away, as the requests of one process notice it."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from backend.database.faults import LOST, Fault
from backend.observability.incidents import note_recovery
from backend.observability.metrics import OUTAGES

OUTAGE_GAP = 10.0
"""Seconds without a failure after which the next one begins another outage."""


class Outage:
    """One kind of failure, from its first one to the next success."""

    def __init__(self) -> None:
        self._began = self._last = -math.inf

    def note_failure(self) -> float:
        """Note one more failure; the age of the outage in seconds."""
        now = time.monotonic()
        if now - self._last > OUTAGE_GAP:
            self._began = now
            OUTAGES.add()
        self._last = now
        return now - self._began

    def note_success(self) -> bool:
        """The outage is over; whether there was one."""
        was_there, self._last = self._last > -math.inf, -math.inf
        return was_there


class Outages:
    """The outages of one database. It can be there to read, and yet take no writes."""

    def __init__(self) -> None:
        self._outages: defaultdict[Fault, Outage] = defaultdict(Outage)

    def note_failure(self, fault: Fault) -> float:
        """Note one more failure of the kind; the age of its outage in seconds."""
        return self._outages[fault].note_failure()

    def note_success(self, seen: set[Fault]) -> None:
        """A statement succeeded, after these failures of its own."""
        for fault in (LOST, *seen):
            if self._outages[fault].note_success():
                note_recovery()


class Connecting:
    """Whether connections are being made: a database that was suspended takes seconds to wake."""

    def __init__(self, patience: float = math.inf) -> None:
        """`patience`: seconds without success after which it counts as away, not as waking."""
        self._patience = patience
        self._lock = threading.Lock()
        self._under_way = 0
        self._began = self._last = -math.inf

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around the making of one connection."""
        with self._lock:
            now = time.monotonic()
            if not self._under_way and now - self._last > OUTAGE_GAP:
                self._began = now
            self._under_way += 1
        is_made = False
        try:
            yield
            is_made = True
        finally:
            with self._lock:
                self._under_way -= 1
                self._last = time.monotonic()
                if is_made:
                    self._began = self._last

    def last_seen(self) -> float:
        """The last moment, of `time.monotonic()`, at which requests waited for a connection."""
        latest = time.monotonic() if self._under_way else self._last
        return min(latest, self._began + self._patience)
