"""Routes that refuse ambiguous requests."""

from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Path
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from backend.api.routing.body_fields import BodyFields, body_fields_of
from backend.api.routing.json_body import read_json, require_no_body
from backend.api.routing.parameters import (
    Accepted,
    require_known,
    require_one_meaning,
    unsupported_conditions,
)
from backend.api.routing.request import StrictRequest
from backend.api.routing.resolver import Resolver, resolver_of
from backend.api.routing.values import takes_many
from backend.observability.tracing import is_traced

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route of strict JSON and known parameters; a resolver finds the handler's arguments."""

    @cached_property
    def body_fields(self) -> BodyFields | None:
        """The fields of the body, if the handler takes one."""
        if self.body_field is None:
            return None
        annotation: Any = self.body_field.field_info.annotation
        return body_fields_of(annotation)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As inherited, but without FastAPI's layers around a handler that does not need them, and
        a body declared too long is refused by a problem, not by plain text.
        """
        scope.setdefault("state", {})["route"] = self.path_format
        request = StrictRequest(scope, receive, self.max_body_size)
        request.require_short()
        resolver = self._resolver_of(scope)
        if resolver is None or resolver.lends or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        response = await self._answer(request, resolver)
        await response(scope, receive, send)

    def get_route_handler(self) -> Handler:
        """The handler within FastAPI's layers: while telemetry is on, FastAPI solves the arguments,
        with its own spans; it also serves whatever has no resolver.
        """
        general = super().get_route_handler()

        async def handle(request: Request) -> Response:
            resolver = self._resolver_of(request.scope)
            strict = StrictRequest(request.scope, request.receive, self.max_body_size)
            if resolver is not None:
                return await self._answer(strict, resolver)
            await self._read(strict)
            is_traced.set(_is_watched(request.scope))
            return await general(strict)

        return handle

    async def _answer(self, request: StrictRequest, resolver: Resolver) -> Response:
        return await resolver.answer(request, await self._read(request))

    async def _read(self, request: StrictRequest) -> Any:
        """The body; raises what is wrong with the request apart from its values."""
        accepted = self._accepted
        require_one_meaning(request, accepted)
        require_known(request, accepted)
        request.names = self.body_fields.names if self.body_fields else ()
        return await self.read_body(request)

    async def read_body(self, request: StrictRequest) -> Any:
        """The body, before the handler's arguments are known."""
        return await (read_json(request) if self.body_field else require_no_body(request))

    @cached_property
    def _accepted(self) -> Accepted:
        parameters = get_flat_params(self.dependant)
        queries = [f for f in parameters if not isinstance(f.field_info, Path | Header)]
        headers = {f.alias for f in parameters if isinstance(f.field_info, Header)}
        return Accepted(
            known={field.alias for field in queries},
            repeatable={f.alias for f in queries if takes_many(f.field_info.annotation)},
            unsupported=unsupported_conditions(self.methods or (), headers),
        )

    def _resolver_of(self, scope: Scope) -> Resolver | None:
        """The resolver for the current overrides, each set of which has its own; or None."""
        if _is_watched(scope):
            return None
        overridable = self.dependency_overrides_provider
        overrides = getattr(overridable, "dependency_overrides", None) or {}
        key = tuple(overrides.items())
        if key not in self._resolvers:
            self._resolvers[key] = resolver_of(self.dependant, dict(overrides))
        return self._resolvers[key]

    @cached_property
    def _resolvers(self) -> dict[Any, Resolver | None]:
        return {}


def _is_watched(scope: Scope) -> bool:
    """Whether FastAPI traces or measures this request."""
    return scope.get("fastapi.telemetry") is not None


class FileRoute(StrictRoute):
    """The same for a body that is a file: a dependency reads it, for it knows its format."""

    async def read_body(self, request: StrictRequest) -> Any:
        return None
