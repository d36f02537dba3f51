"""Resolves a handler's arguments in a way that is compiled once.

FastAPI works it out anew for each request: a third of a read's instructions, more of a list's
(`specs/decisions/`). Here the same `Dependant` is gone through once, with the same validators; a
differential test holds both to the same values and errors. Overridden dependencies are compiled
too, so tests and the JWT phase run what production runs. A handler that needs more than is known
here has no resolver: FastAPI serves it in its own way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from fastapi import Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError

from backend.api.routing.calls import Caller, caller_of, is_generator
from backend.api.routing.request import StrictRequest
from backend.api.routing.values import Body, Resolution, Value, parameter

Key = Callable[..., Any] | None
"""The dependency that was asked for, which an override replaces."""

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True)
class _Step:
    """A call of the handler, or of a dependency, and where its arguments come from."""

    call: Caller
    dependencies: list[tuple[str, Key]]
    values: list[tuple[str, Value]]
    request: str | None

    def arguments(self, resolution: Resolution) -> dict[str, Any]:
        results = resolution.results
        arguments = {name: results[key] for name, key in self.dependencies}
        for name, value in self.values:
            arguments[name] = value.value(resolution)
        if self.request is not None:
            arguments[self.request] = resolution.request
        return arguments


class Resolver:
    """Resolves the arguments of one handler: its dependencies in order, each called once."""

    def __init__(self, handler: Dependant, overrides: Overrides) -> None:
        self._dependencies: dict[Key, _Step] = {}
        self.lends = False
        """Whether a dependency is a generator: FastAPI closes it when the answer has been sent."""
        self._add_dependencies(handler, overrides)
        self._handler = _step_of(handler)

    def _add_dependencies(self, dependant: Dependant, overrides: Overrides) -> None:
        """Those below a dependency come before it."""
        for dependency in dependant.dependencies:
            if dependency.call not in self._dependencies:
                used = _used(dependency, overrides)
                self._add_dependencies(used, overrides)
                self._dependencies[dependency.call] = _step_of(used)
                self.lends |= is_generator(used)

    async def answer(self, request: StrictRequest, body: Any) -> Response:
        """Call the handler; raises RequestValidationError with all that is wrong.

        No dependency is called after something that is wrong was found.
        """
        resolution = Resolution(request, body)
        for key, step in self._dependencies.items():
            arguments = step.arguments(resolution)
            is_wrong = bool(resolution.errors)
            resolution.results[key] = None if is_wrong else await step.call(request, arguments)
        arguments = self._handler.arguments(resolution)
        if resolution.errors:
            raise RequestValidationError(resolution.errors)
        response: Response = await self._handler.call(request, arguments)
        return response


def _step_of(dependant: Dependant) -> _Step:
    sources = {
        "path": dependant.path_params,
        "query": dependant.query_params,
        "header": dependant.header_params,
        "cookie": dependant.cookie_params,
    }
    values: dict[str, Value] = {
        one.name: parameter(one, source) for source, fields in sources.items() for one in fields
    }
    values |= {one.name: Body(one) for one in dependant.body_params}
    named = [(one.name, one.call) for one in dependant.dependencies if one.name is not None]
    request = dependant.request_param_name or dependant.http_connection_param_name
    return _Step(caller_of(dependant), named, list(values.items()), request)


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
