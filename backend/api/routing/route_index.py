"""Finds the route of a request in one step, instead of asking one route after the other."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NoReturn

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

MAX_SHAPES = 256
MAX_LENGTH = 64
"""Shapes that are remembered, and the characters of the longest: clients choose them."""

_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|\Z)")


class RouteIndex(BaseRoute):
    """Stands before the routes, and remembers which of them takes a path of this shape.

    A shape is the path with 0 for each number: no route distinguishes between numbers. Whatever is
    not found here goes from route to route: 404, 405, and requests that FastAPI traces.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)
        self._route_of = lru_cache(MAX_SHAPES)(self._first)

    def _first(self, method: str, shape: str) -> BaseRoute | None:
        """The one that FastAPI would find."""
        scope = {"type": "http", "method": method, "path": shape}
        return next((one for one in self._routes if one.matches(scope)[0] is Match.FULL), None)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or "fastapi.telemetry" in scope:
            return Match.NONE, {}
        shape = _NUMBER.sub("0", scope["path"].removeprefix(scope.get("root_path", "")))
        found = self._route_of(scope["method"], shape) if len(shape) <= MAX_LENGTH else None
        return found.matches(scope) if found is not None else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> NoReturn:
        raise NoMatchFound(name, path_params)
