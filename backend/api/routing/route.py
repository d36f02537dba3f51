"""Routes that refuse ambiguous requests."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Path
from fastapi.routing import APIRoute
from fastapi.telemetry import get_telemetry_data
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from backend.api.routing.body_fields import BodyFields, body_fields_of
from backend.api.routing.json_body import StrictRequest, read_json, require_no_body
from backend.api.routing.parameters import (
    require_known,
    require_one_meaning,
    unsupported_conditions,
)
from backend.api.routing.resolver import Resolver, resolver_of
from backend.api.routing.values import takes_many
from backend.errors import PayloadTooLarge
from backend.observability.tracing import is_traced

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route of strict JSON and known parameters; a resolver finds the handler's arguments."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As inherited, but paths with another fixed beginning are rejected without the regex."""
        beginning = self.path.partition("{")[0]
        if scope.get("root_path") or scope["path"].startswith(beginning):
            return super().matches(scope)
        return Match.NONE, {}

    @cached_property
    def body_fields(self) -> BodyFields | None:
        """The fields of the body, if the handler takes one."""
        if self.body_field is None:
            return None
        annotation: Any = self.body_field.field_info.annotation
        return body_fields_of(annotation)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As inherited, but a body declared too long is refused by a problem, not by plain text."""
        scope.setdefault("state", {})["route"] = self.path_format
        if self.max_body_size is not None:
            declared = Request(scope).headers.get("content-length", "")
            if declared.isdigit() and int(declared) > self.max_body_size:
                raise PayloadTooLarge
        await super().handle(scope, receive, send)

    def get_route_handler(self) -> Handler:
        """The handler. While telemetry is on, FastAPI solves the arguments, with its own spans.

        FastAPI's handler also serves whatever has no resolver.
        """
        general, resolver_for = super().get_route_handler(), self._resolvers()
        parameters = get_flat_params(self.dependant)
        queries = [f for f in parameters if not isinstance(f.field_info, Path | Header)]
        known = {field.alias for field in queries}
        repeatable = {f.alias for f in queries if takes_many(f.field_info.annotation)}
        headers = {f.alias for f in parameters if isinstance(f.field_info, Header)}
        unsupported = unsupported_conditions(self.methods or (), headers)
        body_fields = self.body_fields
        body_names = body_fields.names if body_fields else ()
        read_body = self.body_reader()

        async def handle(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            request.names = body_names
            require_one_meaning(request, known, unsupported)
            require_known(request, known, repeatable)
            body = await read_body(request)
            resolver = resolver_for()
            is_watched = get_telemetry_data() is not None
            if is_watched:
                is_traced.set(True)
            if resolver is None or is_watched:
                return await general(request)
            return await resolver.answer(request, body)

        return handle

    def body_reader(self) -> Callable[[Request], Awaitable[Any]]:
        """How the body is read, before the handler's arguments are known."""
        return read_json if self.body_field else require_no_body

    def _resolvers(self) -> Callable[[], Resolver | None]:
        """A function that finds the resolver for the current overrides; each set has its own."""
        overridable = self.dependency_overrides_provider
        plain, overridden = resolver_of(self.dependant, {}), dict[Any, Resolver | None]()

        def find() -> Resolver | None:
            overrides = getattr(overridable, "dependency_overrides", None)
            if not overrides:
                return plain
            key = tuple(overrides.items())
            if key not in overridden:
                overridden[key] = resolver_of(self.dependant, dict(overrides))
            return overridden[key]

        return find


class FileRoute(StrictRoute):
    """The same for a body that is a file, which a dependency reads as it arrives."""

    def body_reader(self) -> Callable[[Request], Awaitable[Any]]:
        return _leave_unread


async def _leave_unread(request: Request) -> None:
    """Leave the body to a dependency, which knows its format."""
