"""The statements on many tasks: a page of a list, and the bulk trash."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists, tasks
from backend.queries.columns import COLUMNS
from backend.queries.exporting import exported
from backend.queries.filters import wanted
from backend.queries.ownership import Condition, owned
from backend.queries.rendering import json_of, shown
from backend.queries.slots import NULL, Atom, Part, slot
from backend.queries.sorting import SORT_KEYS, Sort, compared_by, is_after, ordering
from backend.queries.statement import PageRow, Statement

_REVISION = func.coalesce(
    select(task_lists.c.revision).where(owned(task_lists)).scalar_subquery(), literal_column("0")
)

SEPARATOR = "\x1e"
"""Between JSON texts; within one it never stands by itself (RFC 7464, 2; RFC 8259, 7)."""


def _is_known() -> Condition:
    """The client has the list as it is (If-None-Match); then no task is read."""
    known = bindparam("known", type_=ARRAY(BigInteger))
    return or_(bindparam("knows_any", type_=Boolean), _REVISION == any_(known))  # noqa: SIM300


@dataclass(frozen=True)
class Shape:
    """What a statement for a page depends on; everything else is bound.

    `nulls` tells which keys the page before ended in null with; None is the first page. `counted`
    asks for the number of all matches, `conditional` for no task if the client has the list,
    `exported` for tasks as they stand in files.
    """

    active: frozenset[str]
    sort: Sort
    nulls: tuple[bool, ...] | None = None
    counted: bool = False
    conditional: bool = False
    exported: bool = False


MAX_SHAPES = 128
"""Shapes that are kept joined, some 10 KB each; to join one anew costs little."""

PageStatement = Statement[PageRow]


@lru_cache(MAX_SHAPES)
def page(shape: Shape) -> PageStatement:
    """One row: the tasks of the page and one more, the owner's revision, the number of all.

    `json` is theirs, each after the other with SEPARATOR between, or null. Parameters: `owner`,
    `address`, `limit`, and those of the filters, the cursor and `known`.
    """
    keys = compared_by(shape.sort)
    keys_of_page = _KEYS_OF_PAGE[: len(keys)]
    slots: dict[str, list[Part]] = {
        "wanted": [wanted(shape.active)],
        "beyond": [_ANY if shape.nulls is None else is_after(shape.sort, shape.nulls)],
        "order": [*ordering(shape.sort)],
        "order_of_page": [
            key[reverse] for key, (_, reverse) in zip(keys_of_page, shape.sort, strict=True)
        ],
        **{name: [NULL] for name in _KEY_NAMES},
        **{name: [key] for name, key in zip(_KEY_NAMES, keys, strict=False)},
    }
    template = partial(
        _page, counted=shape.counted, conditional=shape.conditional, in_file=shape.exported
    )
    return Statement(template, PageRow, slots=slots)


_ANY = Atom(true())
_KEY_NAMES = [f"key_{number}" for number, _ in enumerate(SORT_KEYS)]


@cache
def _page(*, counted: bool, conditional: bool, in_file: bool) -> Select[Any]:
    """A page of any shape, with slots for what depends on the shape."""
    columns = (*COLUMNS, tasks.c.uid) if in_file else COLUMNS
    rows = _rows(columns, conditional=conditional).subquery("page")
    fields = exported(rows.c) if in_file else shown(rows.c)
    task = select(*fields).correlate(rows).lateral("task")
    # One value, in the order that the index has: half of what PostgreSQL does for rows.
    texts = func.string_agg(json_of(task), literal_column(f"chr({ord(SEPARATOR)})"))
    answer = select(
        _REVISION.label("revision"),
        (_total(conditional=conditional) if counted else null()).label("total"),
        texts.aggregate_order_by(slot("order_of_page"), rows.c.id).label("json"),
        func.count().label("number"),
    )
    return answer.select_from(rows, task)


def _rows(columns: Sequence[Column[Any]], *, conditional: bool) -> Select[Any]:
    """The tasks of this page and one more, with what they are sorted by."""
    keys = [slot(name, Text).label(name) for name in _KEY_NAMES]
    rows = select(*columns, *keys).where(*_wanted(conditional=conditional), slot("beyond", Boolean))
    limit = bindparam("limit", type_=BigInteger) + literal_column("1")
    return rows.order_by(slot("order")).limit(limit)


_ROWS = select(*(literal_column("1").label(name) for name in _KEY_NAMES)).subquery("page")
_KEYS_OF_PAGE = [(Atom(_ROWS.c[name]), Atom(_ROWS.c[name].desc())) for name in _KEY_NAMES]
"""The keys in the subquery of that name, upwards and downwards."""


def _total(*, conditional: bool) -> ColumnElement[Any]:
    found = select(func.count()).select_from(tasks).where(*_wanted(conditional=conditional))
    return found.scalar_subquery()


def _wanted(*, conditional: bool) -> list[Condition]:
    unless_known = [not_(_is_known())] if conditional else []
    return [owned(), slot("wanted", Boolean), *unless_known]
