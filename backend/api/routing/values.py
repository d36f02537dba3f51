"""Where the value of an argument comes from: path, query, headers or body."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Protocol, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from backend.api.routing.request import StrictRequest

_ONE: dict[str, Callable[[StrictRequest, str], str | None]] = {
    "path": lambda request, name: request.path_params.get(name),
    "query": lambda request, name: request.query_params.get(name),
    "header": lambda request, name: request.header(name),
    "cookie": lambda request, name: request.cookies.get(name),
}
_ALL: dict[str, Callable[[StrictRequest, str], list[str] | None]] = {
    "query": lambda request, name: request.query_params.getlist(name) or None,
    "header": lambda request, name: request.headers.getlist(name) or None,
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


@dataclass(slots=True)
class Resolution:
    """One request, what was resolved for it so far, and what is wrong with it.

    `body` is None if none was sent: a body of `null` never comes so far (`json_body.py`).
    """

    request: StrictRequest
    body: Any
    results: dict[Any, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)


class Value(ABC):
    """The value of an argument, which is validated, or has a default."""

    def __init__(self, expected: Field, *loc: str) -> None:
        self._expected = expected
        self._loc = loc
        self._is_required = expected.field_info.is_required()
        self._defaults_to_none = expected.field_info.default is None

    def value(self, resolution: Resolution) -> Any:
        """The validated value, or the default for None. If invalid, None, and the error is kept."""
        sent = self.sent(resolution)
        if sent is not None:
            value, errors = self._expected.validate(sent, {}, loc=self._loc)
            resolution.errors += errors
            return value
        if self._is_required:
            resolution.errors.append({"type": "missing", "loc": self._loc, "msg": "Field required"})
            return None
        return None if self._defaults_to_none else self._expected.get_default()

    @abstractmethod
    def sent(self, resolution: Resolution) -> Any:
        """What came with the request, or None."""


class Parameter(Value):
    """One value, or all values, of a name in the path, the query, the headers or the cookies."""

    def __init__(self, expected: Field, source: str, *, is_many: bool) -> None:
        super().__init__(expected, source, expected.alias)
        self._name = expected.alias
        self._find: Callable[[StrictRequest, str], Any] = (_ALL if is_many else _ONE)[source]

    def sent(self, resolution: Resolution) -> Any:
        return self._find(resolution.request, self._name)


class QueryModel(Value):
    """The whole query as a model."""

    def __init__(self, expected: Field, model: type[BaseModel]) -> None:
        super().__init__(expected, "query")
        fields = model.model_fields.items()
        self._takes_many = {name: takes_many(info.annotation) for name, info in fields}

    def sent(self, resolution: Resolution) -> Any:
        sent: dict[str, Any] = {}
        for name, value in resolution.request.query_params.multi_items():
            if self._takes_many.get(name):
                sent.setdefault(name, []).append(value)
            elif name in self._takes_many:
                sent[name] = value
        return sent


class Body(Value):
    """The body as JSON."""

    def __init__(self, expected: Field) -> None:
        super().__init__(expected, "body")

    def sent(self, resolution: Resolution) -> Any:
        return resolution.body


def parameter(expected: Field, source: str) -> Value:
    """The source of this parameter's value."""
    annotation = expected.field_info.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return QueryModel(expected, annotation)
    return Parameter(expected, source, is_many=takes_many(annotation))


def takes_many(annotation: Any) -> bool:
    """Whether a parameter of this type may be repeated."""
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return any(map(takes_many, get_args(annotation)))
    kind = origin or annotation
    is_collection = isinstance(kind, type) and issubclass(kind, Sequence | set | frozenset)
    return is_collection and not issubclass(kind, str | bytes)
