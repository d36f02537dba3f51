"""How many requests came, by route, method and status, and how long their answers took to begin."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from backend.observability.cells import CELLS, OTHER, Row

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. 0.2 is the target of NFR-04, 8 the default of REQUEST_TIMEOUT."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER)
_SUCCESSES = (200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308)
_REFUSALS = (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 428, 429, 431)
_FAULTS = (500, 501, 502, 503, 504)
STATUSES = ("none", *map(str, (*_SUCCESSES, *_REFUSALS, *_FAULTS)), OTHER)
"""`none`: the client left before its answer began."""

MAX_ROUTES = 80
_BUCKETS = len(BOUNDS) + 1  # and all beyond
_TIMED = _BUCKETS + 1  # and the sum


class Duration(NamedTuple):
    """Of the requests of one route and method: how many took up to each bound, and the sum."""

    route: str
    method: str
    buckets: list[float]
    total: float


class Requests:
    """One object for a process: each request is three additions."""

    def __init__(self) -> None:
        self._routes: dict[str, int] = {OTHER: 0}
        self._answers = CELLS.reserve(MAX_ROUTES * len(METHODS) * len(STATUSES))
        self._durations = CELLS.reserve(MAX_ROUTES * len(METHODS) * _TIMED)
        self._known: dict[tuple[str, str, int], tuple[int, int]] = {}

    def know(self, routes: Iterable[str]) -> None:
        """Give each of these templates its place; in every process before the fork alike."""
        for route in routes:
            self._routes.setdefault(route, len(self._routes))
        if len(self._routes) > MAX_ROUTES:
            raise ValueError("more routes than MAX_ROUTES")
        self._known.clear()

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; status 0 if it has no answer."""
        key = route, method, status
        answers, times = self._known.get(key) or self._cells(key)
        own = CELLS.own
        own[answers] += 1.0
        own[times + bisect_left(BOUNDS, seconds)] += 1.0
        own[times + _BUCKETS] += seconds

    def _cells(self, key: tuple[str, str, int]) -> tuple[int, int]:
        """Of finitely many: a client chooses neither the template nor the status."""
        route, method, status = key
        if method not in _PLACES:
            return self._cells((route, OTHER, status))
        pair = self._routes.get(route, 0) * len(METHODS) + _PLACES[method]
        place = _STATUS_PLACES.get(status, len(STATUSES) - 1)
        cells = self._answers + pair * len(STATUSES) + place, self._durations + pair * _TIMED
        self._known[key] = cells
        return cells

    def answers(self, rows: list[Row]) -> Iterator[tuple[str, str, str, float]]:
        """Route, method, status and number of all that there were."""
        for route, method, pair in self._pairs():
            numbers = _totals(rows, self._answers + pair * len(STATUSES), len(STATUSES))
            for status, number in zip(STATUSES, numbers, strict=False):
                if number:
                    yield route, method, status, number

    def durations(self, rows: list[Row]) -> Iterator[Duration]:
        """Those of all that there were; the buckets are cumulative, as Prometheus has them."""
        for route, method, pair in self._pairs():
            numbers = _totals(rows, self._durations + pair * _TIMED, _TIMED)
            if numbers:
                *each, total = numbers
                yield Duration(route, method, list(accumulate(each)), total)

    def _pairs(self) -> Iterator[tuple[str, str, int]]:
        for route, number in self._routes.items():
            for method, place in _PLACES.items():
                yield route, method, number * len(METHODS) + place


def _totals(rows: list[Row], first: int, number: int) -> list[float]:
    """Of so many cells, of all processes; nothing if there is none: most are never used."""
    parts = [row[first : first + number] for row in rows]
    return list(map(sum, zip(*parts, strict=True))) if any(map(any, parts)) else []


_PLACES = {method: place for place, method in enumerate(METHODS)}
_STATUS_PLACES = {
    0 if status == "none" else int(status): place
    for place, status in enumerate(STATUSES)
    if status != OTHER
}
