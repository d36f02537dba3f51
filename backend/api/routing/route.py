"""Routes that refuse what others would guess at."""

from collections.abc import Callable, Coroutine
from typing import Any, get_origin

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Path
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from backend.api.routing.json_body import NULL_BODY, StrictRequest, require_json
from backend.api.routing.parameters import require_known, require_one_meaning
from backend.api.routing.resolver import plan_of
from backend.errors import InvalidRequest

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route that refuses what others would guess at."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As ever, but addresses that begin otherwise are not looked at any further."""
        beginning = self.path.partition("{")[0]
        if scope.get("root_path") or scope["path"].startswith(beginning):
            return super().matches(scope)
        return Match.NONE, {}

    def get_route_handler(self) -> Handler:
        general, plan = super().get_route_handler(), plan_of(self.dependant)
        overrides = getattr(self.dependency_overrides_provider, "dependency_overrides", {})
        parameters = get_flat_params(self.dependant)
        queries = [f for f in parameters if not isinstance(f.field_info, Path | Header)]
        known = {field.alias for field in queries}
        repeatable = {f.alias for f in queries if get_origin(f.field_info.annotation) is tuple}
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            require_one_meaning(request, known)
            require_known(request, known, repeatable)
            body: Any = None
            # Read in any case: a body over the limit must be refused before anything is done.
            if await request.body() and takes_body:
                require_json(request)
                body = await request.json()
                if body is None:  # which would pass for no body
                    raise InvalidRequest(errors=(NULL_BODY,))
            if plan is None or overrides:  # tests override, and with more than a plan knows
                return await general(request)
            return await plan.answer(request, body)

        return strict
