"""The SQL of a statement as the driver takes it: as text, and as a prepared statement."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Dialect
from sqlalchemy.dialects.postgresql import ARRAY, psycopg2
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

_DIALECT: Dialect = psycopg2.dialect()  # type: ignore[no-untyped-call]
PLACE = re.compile(r"%\((\w+)\)s")
"""Where a value stands in SQL, by its name."""

Parameters = Mapping[str, BindParameter[Any]]
Processor = Callable[[Any], Any]


@dataclass(eq=False)
class Compiled:
    """SQL with a place `%(name)s` for each value, as psycopg2 has it, and what is bound there."""

    text: str
    parameters: Parameters
    uses: int = 0
    """How often it was executed."""

    @cached_property
    def _order(self) -> list[str]:
        return list(dict.fromkeys(PLACE.findall(self.text)))

    @cached_property
    def _constants(self) -> dict[str, Any]:
        parameters = ((name, self.parameters[name]) for name in self._order)
        return {name: one.value for name, one in parameters if not one.required}

    @cached_property
    def _processors(self) -> list[tuple[str, Processor]]:
        found = ((name, _processor(self.parameters[name].type)) for name in self._order)
        return [(name, processor) for name, processor in found if processor]

    @cached_property
    def name(self) -> str:
        """Of the prepared statement: a digest of its text, so that it cannot mean two things."""
        return f"tasks_{sha256(self._prepared.encode()).hexdigest()[:32]}"

    @cached_property
    def preparation(self) -> bytes:
        """Complete SQL, without places."""
        return f"PREPARE {self.name} {self._prepared};".encode()

    @cached_property
    def call(self) -> str:
        """The prepared statement with the places of its values."""
        places = ", ".join(f"%({name})s" for name in self._order)
        return f"EXECUTE {self.name} ({places})" if places else f"EXECUTE {self.name}"

    @cached_property
    def _prepared(self) -> str:
        types = ", ".join(_type_name(self.parameters[name].type) for name in self._order)
        numbers = {name: f"${number}" for number, name in enumerate(self._order, start=1)}
        text = PLACE.sub(lambda place: numbers[place[1]], self.text).replace("%%", "%")
        return f"({types}) AS {text}" if types else f"AS {text}"

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The value for each place, as the driver takes it."""
        if not (self._constants or self._processors):
            return given
        values = {**self._constants, **given}
        for name, processor in self._processors:
            values[name] = processor(values[name])
        return values


def compiled(clause: ClauseElement) -> Compiled:
    """Compile a statement, or an expression that is part of one."""
    compiler: Any = clause.compile(dialect=_DIALECT)
    return Compiled(str(compiler), compiler.binds)


def _processor(kind: TypeEngine[Any]) -> Processor | None:
    """How values of a type of our own become the driver's, which takes all others as they are."""
    item = kind.item_type if isinstance(kind, ARRAY) else kind
    if not isinstance(item, TypeDecorator):
        return None
    processor: Processor | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return processor


@lru_cache(maxsize=256)
def _type_name(kind: TypeEngine[Any]) -> str:
    """PostgreSQL works out for itself what has no type here; a collation is not of the type."""
    name = "unknown" if isinstance(kind, NullType) else kind.compile(dialect=_DIALECT)
    return name.partition(" COLLATE ")[0]
