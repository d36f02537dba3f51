"""Statements with slots, for what clients choose: filters, orders, places in a list.

There are millions of lists to ask for. So a statement is compiled once with its slots, each part
that may fill one is compiled once, and a question only joins them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, bindparam, null
from sqlalchemy.types import TypeEngine

PREFIX = "slot_"

Operator = Literal["AND", "OR", ",", "=", "<", "<=", ">", ">="]


@dataclass(frozen=True, eq=False)
class Atom:
    """An expression of the tasks that the statement has already; it is to be made once."""

    expression: ColumnElement[Any]


@dataclass(frozen=True)
class Joined:
    """Parts with an operator between; the whole stands in parentheses."""

    operator: Operator
    parts: tuple["Part", ...]


Part = Atom | Joined
NULL = Atom(null())


def slot(name: str, of_type: type[TypeEngine[Any]] | None = None) -> BindParameter[Any]:
    """The place of a part, or of several with commas between, which the statement must name."""
    return bindparam(PREFIX + name, type_=of_type)


def all_of(*parts: Part) -> Part:
    return Joined("AND", parts)


def any_of(*parts: Part) -> Part:
    return Joined("OR", parts)


def compared(left: Part, operator: Operator, right: Part) -> Part:
    return Joined(operator, (left, right))


def row(*parts: Part) -> Part:
    return Joined(",", parts)
