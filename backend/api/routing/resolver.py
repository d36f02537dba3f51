"""Resolves a handler's arguments in a way that is compiled once.

FastAPI works it out anew for each request: a third of a read's instructions, more of a list's
(`specs/decisions/`). Here the same `Dependant` is gone through once, with the same validators; a
differential test holds both to the same values and errors. Overridden dependencies are compiled
too, so tests and the JWT phase run what production runs. A handler that needs more than is known
here has no resolver: FastAPI serves it in its own way.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError

from backend.api.routing.calls import caller_of
from backend.api.routing.values import Body, Resolution, Value, parameter

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


class Resolver:
    """Resolves the arguments of one handler or dependency."""

    def __init__(self, dependant: Dependant, overrides: Overrides) -> None:
        self._call: Any = dependant.call
        self._caller = caller_of(dependant)
        self._request = dependant.request_param_name or dependant.http_connection_param_name
        self._dependencies = [
            (dependency.name, dependency.call, Resolver(_used(dependency, overrides), overrides))
            for dependency in dependant.dependencies
        ]
        self._values: dict[str, Value] = {
            **{one.name: parameter(one, "path") for one in dependant.path_params},
            **{one.name: parameter(one, "query") for one in dependant.query_params},
            **{one.name: parameter(one, "header") for one in dependant.header_params},
            **{one.name: parameter(one, "cookie") for one in dependant.cookie_params},
            **{one.name: Body(one) for one in dependant.body_params},
        }

    async def answer(self, request: Request, body: Any) -> Response:
        """Call the handler; raises RequestValidationError with all that is wrong."""
        resolution = Resolution(request, body)
        arguments = await self._arguments(resolution)
        if resolution.errors:
            raise RequestValidationError(resolution.errors)
        response: Response = await self._call(**arguments)
        return response

    async def _arguments(self, resolution: Resolution) -> dict[str, Any]:
        arguments = {}
        for name, key, resolver in self._dependencies:
            result = await resolver.result(resolution, key)
            if name is not None:
                arguments[name] = result
        for name, value in self._values.items():
            arguments[name] = value.value(resolution)
        if self._request:
            arguments[self._request] = resolution.request
        return arguments

    async def result(self, resolution: Resolution, key: Any) -> Any:
        """What the dependency returns. It is called once, and not for a request that is wrong.

        `key` is the dependency that was asked for, which an override replaces.
        """
        if key not in resolution.results:
            arguments = await self._arguments(resolution)
            is_wrong = bool(resolution.errors)
            result = None if is_wrong else await self._caller(resolution.request, arguments)
            resolution.results[key] = result
        return resolution.results[key]


def resolver_of(handler: Dependant, overrides: Overrides) -> Resolver | None:
    """The resolver of a handler with these overrides, or None if FastAPI must serve it."""
    call: Any = handler.call
    is_plain = signature(call).return_annotation is Response and len(handler.body_params) <= 1
    return Resolver(handler, overrides) if is_plain and _is_known(handler, overrides) else None


def _used(dependency: Dependant, overrides: Overrides) -> Dependant:
    """The dependency, or its override."""
    call: Any = overrides.get(dependency.call) if dependency.call else None
    if call is None:
        return dependency
    path = dependency.path or ""
    return get_dependant(path=path, call=call, name=dependency.name, scope=dependency.scope)


def _is_known(dependant: Dependant, overrides: Overrides) -> bool:
    used = [_used(dependency, overrides) for dependency in dependant.dependencies]
    is_simple = not (
        dependant.websocket_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.own_oauth_scopes
        or dependant.concurrency
        or not dependant.use_cache
    )
    return is_simple and all(_is_known(dependency, overrides) for dependency in used)
