"""A handler's arguments by a plan that is made once; FastAPI works it out anew for each request.

That is a fifth of the CPU of a read, and more of a list (specs/004-ahead-of-its-peers/research.md).
A plan knows what the handlers of tasks need: parameters, a body, the request, async dependencies.
What needs more has no plan, and FastAPI serves it as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import iscoroutinefunction, signature
from typing import Any

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.util.concurrency import greenlet_spawn

_SOURCES: dict[str, Callable[[Request], Any]] = {
    "path": lambda request: request.path_params,
    "query": lambda request: request.query_params,
    "header": lambda request: request.headers,
}


@dataclass
class Given:
    """One request, what was made of it so far, and what is wrong with it.

    `body` is None if none was sent: `null` never comes so far (`strict.py`).
    """

    request: Request
    body: Any
    made: dict[Any, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def checked(self, expected: ModelField, value: Any, loc: tuple[str, ...]) -> Any:
        """The valid value; the default for None. Without either None, and the error is kept."""
        if value is not None:
            value, errors = expected.validate(value, loc=loc)
            self.errors += errors
        elif expected.field_info.is_required():
            self.errors.append({"type": "missing", "loc": loc, "msg": "Field required"})
        else:
            value = expected.get_default()
        return value


@dataclass(frozen=True)
class Parameter:
    """One value, or all of one name, of the path, the query or the headers."""

    expected: ModelField
    source: str
    is_many: bool

    def of(self, given: Given) -> Any:
        name = self.expected.alias
        values = _SOURCES[self.source](given.request)
        value = (values.getlist(name) or None) if self.is_many else values.get(name)
        return given.checked(self.expected, value, (self.source, name))


@dataclass(frozen=True)
class QueryModel:
    """The whole query; `members` tells which names may come more than once."""

    expected: ModelField
    members: dict[str, bool]

    def of(self, given: Given) -> Any:
        query = given.request.query_params
        value = {
            name: query.getlist(name) if is_many else query[name]
            for name, is_many in self.members.items()
            if name in query
        }
        return given.checked(self.expected, value, ("query",))


@dataclass(frozen=True)
class Body:
    """The body as JSON."""

    expected: ModelField

    def of(self, given: Given) -> Any:
        return given.checked(self.expected, given.body, ("body",))


def _parameter(expected: ModelField, source: str) -> Parameter | QueryModel:
    model = expected.field_info.annotation
    if isinstance(model, type) and issubclass(model, BaseModel):
        members = model.model_fields.items()
        is_many = {name: field_annotation_is_sequence(info.annotation) for name, info in members}
        return QueryModel(expected, is_many)
    return Parameter(expected, source, field_annotation_is_sequence(model))


class Plan:
    """How to call one handler or dependency."""

    def __init__(self, dependant: Dependant) -> None:
        self._call: Any = dependant.call
        self._request = dependant.request_param_name
        self._dependencies = [(str(of.name), Plan(of)) for of in dependant.dependencies]
        self._values: dict[str, Parameter | QueryModel | Body] = {
            **{of.name: _parameter(of, "path") for of in dependant.path_params},
            **{of.name: _parameter(of, "query") for of in dependant.query_params},
            **{of.name: _parameter(of, "header") for of in dependant.header_params},
            **{of.name: Body(of) for of in dependant.body_params},
        }

    async def answer(self, request: Request, body: Any) -> Response:
        """Call the handler in its turn; raises RequestValidationError with all that is wrong.

        It is a plain function, and gives way to others when it waits (`models/waiting.py`).
        """
        given = Given(request, body)
        arguments = await self._arguments(given)
        if given.errors:
            raise RequestValidationError(given.errors)
        async with request.app.state.connections:
            response: Response = await greenlet_spawn(self._call, **arguments)
        return response

    async def _arguments(self, given: Given) -> dict[str, Any]:
        arguments = {name: await plan.made(given) for name, plan in self._dependencies}
        for name, value in self._values.items():
            arguments[name] = value.of(given)
        if self._request:
            arguments[self._request] = given.request
        return arguments

    async def made(self, given: Given) -> Any:
        """What the dependency returns; it is called once, and not for a request that is wrong."""
        if self._call not in given.made:
            arguments = await self._arguments(given)
            given.made[self._call] = None if given.errors else await self._call(**arguments)
        return given.made[self._call]


def plan_of(handler: Dependant) -> Plan | None:
    """The plan of a plain function that returns a Response, or None if FastAPI must serve it."""
    call: Any = handler.call
    is_plain = not iscoroutinefunction(call) and signature(call).return_annotation is Response
    if not is_plain or not _is_simple(handler) or len(handler.body_params) > 1:
        return None
    return Plan(handler) if all(map(_can_be_made, handler.dependencies)) else None


def _can_be_made(dependency: Dependant) -> bool:
    is_async = iscoroutinefunction(dependency.call) and dependency.name is not None
    return is_async and _is_simple(dependency) and all(map(_can_be_made, dependency.dependencies))


def _is_simple(dependant: Dependant) -> bool:
    return not (
        dependant.cookie_params
        or dependant.http_connection_param_name
        or dependant.websocket_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.own_oauth_scopes
        or dependant.concurrency
    )
