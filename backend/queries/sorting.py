"""Orders of a list, and the place in one at which a page ended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    bindparam,
    cast,
    collate,
    func,
    literal_column,
)
from sqlalchemy.types import TypeEngine

from backend.errors import InvalidCursor
from backend.models.task import Priority, due, tasks
from backend.queries.search import fold
from backend.queries.slots import Atom, Part, all_of, any_of, compared, row

Term = tuple[str, bool]
"""A sort key and whether it is reversed."""

Sort = tuple[Term, ...]
Value = Any


@dataclass(frozen=True)
class SortKey:
    """What is compared, upwards and downwards, and its value in a cursor, by a task's JSON.

    Null is last in both directions: it counts as the infinity in `nulls`.
    """

    up: Atom
    down: Atom
    value: Callable[[Mapping[str, Any]], Value]
    parse: Callable[[Any], Value]
    nulls: tuple[Atom, Atom] | None = None

    @cached_property
    def descending(self) -> Atom:
        return Atom(self.down.expression.desc())


def _infinity(name: str, of_type: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(literal_column(f"'{name}'"), of_type)


def _key(
    up: ColumnElement[Any],
    down: ColumnElement[Any],
    value: Callable[[Mapping[str, Any]], Value],
    parse: Callable[[Any], Value],
    nulls: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None,
) -> SortKey:
    infinities = (Atom(nulls[0]), Atom(nulls[1])) if nulls else None
    return SortKey(Atom(up), Atom(down), value, parse, infinities)


def _due_of(task: Mapping[str, Any]) -> datetime | None:
    """As `models.task.due`, of a task that was read."""
    if task["due_date"] is not None:
        return datetime.combine(date.fromisoformat(task["due_date"]), time.min, UTC)
    return datetime.fromisoformat(task["due_at"]) if task["due_at"] is not None else None


def _instant(value: Any) -> datetime:
    """An instant in the one spelling that a cursor has."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or moment.isoformat() != value:
        raise ValueError("no instant of ours")
    return moment.astimezone(UTC)


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("no 64-bit number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("no flag")  # noqa: TRY004  (one kind of error for all that is forged)
    return value


def _column(name: str, parse: Callable[[Any], Value]) -> SortKey:
    column = tasks.c[name]
    return _key(column, column, lambda task: task[name], parse)


def _moment(name: str) -> SortKey:
    column = tasks.c[name]
    return _key(column, column, lambda task: datetime.fromisoformat(task[name]), _instant)


def _due() -> SortKey:
    last, first = (_infinity(name, tasks.c.due_at.type) for name in ("infinity", "-infinity"))
    return _key(due("infinity"), due("-infinity"), _due_of, _instant, (last, first))


def _order() -> SortKey:
    """Numeric, because it has infinities: no 64-bit number lies beyond all others."""
    number = cast(tasks.c.order, Numeric)
    last, first = (_infinity(name, Numeric()) for name in ("Infinity", "-Infinity"))
    up, down = func.coalesce(number, last), func.coalesce(number, first)
    return _key(up, down, lambda task: task["order"], _whole, (last, first))


def _title() -> SortKey:
    folded = collate(tasks.c.title_folded, "C")
    return _key(folded, folded, lambda task: fold(task["title"]), _text)


KEYS = {
    "created_at": _moment("created_at"),
    "updated_at": _moment("updated_at"),
    "due": _due(),
    "priority": _column("priority", Priority),
    "order": _order(),
    "title": _title(),
    "completed": _column("completed", _flag),
}

SORT_KEYS = tuple(KEYS)

_ID = Atom(tasks.c.id)
_LAST_ID = Atom(bindparam("last_id", type_=BigInteger))


def position(sort: Sort, task: Mapping[str, Any]) -> list[Value]:
    """The values of the keys of a task as JSON, and its id."""
    return [*(KEYS[key].value(task) for key, _ in sort), task["id"]]


def parsed(sort: Sort, values: Any) -> list[Value]:
    """A position as a cursor carried it; raises InvalidCursor for what none would."""
    if not isinstance(values, list) or len(values) != len(sort) + 1:
        raise InvalidCursor
    try:
        keys = [_parsed(KEYS[key], value) for (key, _), value in zip(sort, values, strict=False)]
        return [*keys, _whole(values[-1])]
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor from error


def _parsed(key: SortKey, value: Any) -> Value:
    return None if value is None and key.nulls else key.parse(value)


def bounds(values: Sequence[Value]) -> dict[str, Any]:
    """The parameters of `is_after` for a position."""
    keys = {f"last_{number}": value for number, value in enumerate(values[:-1])}
    return keys | {"last_id": values[-1]}


def compared_by(sort: Sort) -> list[Atom]:
    """What tasks are sorted by, but for the direction."""
    return [KEYS[key].down if reverse else KEYS[key].up for key, reverse in sort]


def ordering(sort: Sort) -> list[Atom]:
    """ORDER BY what is compared; the id breaks ties."""
    return [*(KEYS[key].descending if reverse else KEYS[key].up for key, reverse in sort), _ID]


@cache
def _last(number: int, term: Term) -> Atom:
    """The last task's value of the key that has this place in the sort."""
    [key] = compared_by((term,))
    return Atom(bindparam(f"last_{number}", type_=key.expression.type))


def _lasts(sort: Sort, nulls: Sequence[bool]) -> Iterator[Atom]:
    """The last task's values of the keys; `nulls` tells which of them are null."""
    for number, (term, is_null) in enumerate(zip(sort, nulls, strict=True)):
        infinities = KEYS[term[0]].nulls
        yield infinities[term[1]] if is_null and infinities else _last(number, term)


def is_after(sort: Sort, nulls: Sequence[bool]) -> Part:
    """Beyond a position, whose `bounds` are given; `nulls` tells which of its keys are null."""
    keys = [*compared_by(sort), _ID]
    lasts = [*_lasts(sort, nulls), _LAST_ID]
    reversed_ = [*(reverse for _, reverse in sort), False]
    if not any(reversed_):
        return compared(row(*keys), ">", row(*lasts))
    return _is_after_in_mixed_directions(list(zip(keys, lasts, reversed_, strict=True)))


def _is_after_in_mixed_directions(pairs: Sequence[tuple[Atom, Atom, bool]]) -> Part:
    """Equal up to some key and beyond in that one; the first key bounds the index scan."""
    beyond = [compared(key, "<" if reverse else ">", last) for key, last, reverse in pairs]
    equal = [compared(key, "=", last) for key, last, _ in pairs]
    steps = [all_of(*equal[:number], beyond[number]) for number in range(len(pairs))]
    first, last, reverse = pairs[0]
    return all_of(compared(first, "<=" if reverse else ">=", last), any_of(*steps))
