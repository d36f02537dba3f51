"""Where the value of an argument comes from: path, query, headers or body."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Protocol, Union, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_SENT: dict[str, Callable[[Request], Any]] = {
    "path": lambda request: request.path_params,
    "query": lambda request: request.query_params,
    "header": lambda request: request.headers,
    "cookie": lambda request: request.cookies,
}


class Field(Protocol):
    """The part of FastAPI's parameter description that is used here."""

    name: str
    field_info: FieldInfo

    @property
    def alias(self) -> str: ...

    def get_default(self) -> Any: ...

    def validate(
        self, value: Any, values: dict[str, Any], *, loc: tuple[int | str, ...]
    ) -> tuple[Any, list[dict[str, Any]]]: ...


@dataclass
class Resolution:
    """One request, what was resolved for it so far, and what is wrong with it.

    `body` is None if none was sent: a body of `null` never comes so far (`json_body.py`).
    """

    request: Request
    body: Any
    results: dict[Any, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def checked(self, expected: Field, value: Any, loc: tuple[str, ...]) -> Any:
        """The validated value, or the default for None. If invalid, None, and the error is kept."""
        if value is not None:
            value, errors = expected.validate(value, {}, loc=loc)
            self.errors += errors
        elif expected.field_info.is_required():
            self.errors.append({"type": "missing", "loc": loc, "msg": "Field required"})
        else:
            value = expected.get_default()
        return value


@dataclass(frozen=True)
class Parameter:
    """One value, or all values, of a name in the path, the query, the headers or the cookies."""

    expected: Field
    source: str
    is_many: bool

    def value(self, resolution: Resolution) -> Any:
        name = self.expected.alias
        sent = _SENT[self.source](resolution.request)
        value = (sent.getlist(name) or None) if self.is_many else sent.get(name)
        return resolution.checked(self.expected, value, (self.source, name))


@dataclass(frozen=True)
class QueryModel:
    """The whole query as a model; `members` tells which names may be repeated."""

    expected: Field
    members: dict[str, bool]

    def value(self, resolution: Resolution) -> Any:
        query = resolution.request.query_params
        sent = {
            name: query.getlist(name) if is_many else query[name]
            for name, is_many in self.members.items()
            if name in query
        }
        return resolution.checked(self.expected, sent, ("query",))


@dataclass(frozen=True)
class Body:
    """The body as JSON."""

    expected: Field

    def value(self, resolution: Resolution) -> Any:
        return resolution.checked(self.expected, resolution.body, ("body",))


Value = Parameter | QueryModel | Body


def parameter(expected: Field, source: str) -> Parameter | QueryModel:
    """The source of this parameter's value."""
    model = expected.field_info.annotation
    if isinstance(model, type) and issubclass(model, BaseModel):
        members = model.model_fields.items()
        return QueryModel(expected, {name: takes_many(info.annotation) for name, info in members})
    return Parameter(expected, source, takes_many(model))


def takes_many(annotation: Any) -> bool:
    """Whether a parameter of this type may be repeated."""
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return any(map(takes_many, get_args(annotation)))
    kind = origin or annotation
    is_collection = isinstance(kind, type) and issubclass(kind, Sequence | set | frozenset)
    return is_collection and not issubclass(kind, str | bytes)
