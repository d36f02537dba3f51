"""Orders of a list, and the place in one at which a page ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    and_,
    bindparam,
    cast,
    collate,
    func,
    literal_column,
    or_,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from backend.errors import InvalidCursor
from backend.models.task import Priority, due, tasks
from backend.queries.ownership import Condition
from backend.queries.search import fold

Term = tuple[str, bool]
"""A sort key and whether it is reversed."""

Sort = tuple[Term, ...]
Value = Any


@dataclass(frozen=True)
class SortKey:
    """What is compared, upwards and downwards, and its value in a cursor, by a task's JSON.

    Null is last in both directions: it counts as the infinity in `nulls`.
    """

    up: ColumnElement[Any]
    down: ColumnElement[Any]
    value: Callable[[Mapping[str, Any]], Value]
    parse: Callable[[Any], Value]
    nulls: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None


def _infinity(name: str, of_type: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(literal_column(f"'{name}'"), of_type)


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
    return SortKey(column, column, lambda task: task[name], parse)


def _moment(name: str) -> SortKey:
    column = tasks.c[name]
    return SortKey(column, column, lambda task: datetime.fromisoformat(task[name]), _instant)


def _due() -> SortKey:
    last, first = (_infinity(name, tasks.c.due_at.type) for name in ("infinity", "-infinity"))
    return SortKey(due("infinity"), due("-infinity"), _due_of, _instant, (last, first))


def _order() -> SortKey:
    """Numeric, because it has infinities: no 64-bit number lies beyond all others."""
    number = cast(tasks.c.order, Numeric)
    last, first = (_infinity(name, Numeric()) for name in ("Infinity", "-Infinity"))
    up, down = func.coalesce(number, last), func.coalesce(number, first)
    return SortKey(up, down, lambda task: task["order"], _whole, (last, first))


def _title() -> SortKey:
    folded = collate(tasks.c.title_folded, "C")
    return SortKey(folded, folded, lambda task: fold(task["title"]), _text)


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


def _expression(term: Term) -> ColumnElement[Any]:
    key, reverse = term
    return KEYS[key].down if reverse else KEYS[key].up


def compared(sort: Sort) -> list[ColumnElement[Any]]:
    """What tasks are sorted by, but for the direction."""
    return [_expression(term) for term in sort]


def ordering(
    sort: Sort, keys: Sequence[ColumnElement[Any]], task_id: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """ORDER BY what is compared; the id breaks ties."""
    directed = zip(keys, sort, strict=True)
    return [*(key.desc() if reverse else key for key, (_, reverse) in directed), task_id]


def _last(number: int, term: Term, *, is_null: bool) -> ColumnElement[Any]:
    """The last task's value of a key."""
    key, reverse = term
    nulls = KEYS[key].nulls
    if is_null and nulls:
        return nulls[reverse]
    return bindparam(f"last_{number}", type_=_expression(term).type)


def is_after(sort: Sort, nulls: Sequence[bool]) -> Condition:
    """Beyond a position, whose `bounds` are given; `nulls` tells which of its keys are null."""
    pairs = [
        (_expression(term), _last(number, term, is_null=is_null), term[1])
        for number, (term, is_null) in enumerate(zip(sort, nulls, strict=True))
    ]
    pairs.append((tasks.c.id, bindparam("last_id", type_=BigInteger), False))
    if not any(reverse for *_, reverse in pairs):
        return tuple_(*(key for key, *_ in pairs)) > tuple_(*(last for _, last, _ in pairs))
    return _is_after_in_mixed_directions(pairs)


def _is_after_in_mixed_directions(
    pairs: Sequence[tuple[ColumnElement[Any], ColumnElement[Any], bool]],
) -> Condition:
    """Equal up to some key and beyond in that one; the first key bounds the index scan."""
    beyond = [key < last if reverse else key > last for key, last, reverse in pairs]
    equal = [key == last for key, last, _ in pairs]
    steps = [and_(*equal[:number], beyond[number]) for number in range(len(pairs))]
    first, last, reverse = pairs[0]
    return and_(first <= last if reverse else first >= last, or_(*steps))
