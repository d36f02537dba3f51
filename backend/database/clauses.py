"""The vocabulary of our statements: the clauses that the guard knows, and what they are made of.

SQLAlchemy lists, for each class of clause, all attributes that its SQL depends on: its cache of
compiled statements relies on this (`_traverse_internals`). So what is read here is all that a
statement says. A class, an attribute, a function, an operator, a type or a piece of text that is
on no list is refused: whoever needs one more adds it here, and thinks of what it can reach.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Table, TableClause, types
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import dml as postgresql
from sqlalchemy.dialects.postgresql.operators import CONTAINS, OVERLAP
from sqlalchemy.sql import dml, elements, functions, operators, schema, selectable, sqltypes
from sqlalchemy.sql.visitors import InternalTraversal

from backend.models.task import PriorityRank, idempotency_keys, task_lists, tasks

OWNED = (tasks, task_lists, idempotency_keys)
"""The tables of which each row is an owner's."""

STATEMENTS = {
    *(selectable.Select, selectable.CompoundSelect, dml.Update, dml.Delete, dml.Insert),
    postgresql.Insert,
}
"""What stands for itself within a statement: each must name its owner."""

_SAVEPOINTS = {
    *(elements.SavepointClause, elements.RollbackToSavepointClause),
    elements.ReleaseSavepointClause,
}
_FUNCTION_CLASSES = {
    *(functions.Function, functions.array_agg, functions.coalesce, functions.count),
    *(functions.max, functions.min, functions.now),
}
_FUNCTIONS = {
    *("array_agg", "coalesce", "count", "current_setting", "date_part", "floor", "greatest"),
    *("has_table_privilege", "lag", "least", "max", "min", "nextval", "now", "row_number"),
    *("row_to_json", "string_agg", "timezone", "to_char", "to_regclass", "unnest"),
    "width_bucket",
}
_CLAUSES = (
    STATEMENTS
    | _FUNCTION_CLASSES
    | {
        *(elements.AggregateOrderBy, elements.AsBoolean, elements.BinaryExpression),
        *(elements.BindParameter, elements.BooleanClauseList, elements.Case, elements.Cast),
        *(elements.ClauseList, elements.CollationClause, elements.CollectionAggregate),
        *(elements.ColumnClause, elements.ExpressionClauseList, elements.Grouping, elements.Label),
        *(elements.False_, elements.Null, elements.Over),
        *(elements.TableValuedColumn, elements.True_, elements.Tuple),
        *(elements.UnaryExpression, postgresql.OnConflictDoUpdate, schema.Column),
        *(selectable.Alias, selectable.CTE, selectable.Exists, selectable.Join, selectable.Lateral),
        selectable.ForUpdateArg,
        *(selectable.ScalarSelect, selectable.SelectStatementGrouping, selectable.Subquery),
    }
)
_OPERATORS = {
    *(None, CONTAINS, OVERLAP, operators.add, operators.all_op, operators.and_, operators.any_op),
    *(operators.collate, operators.comma_op, operators.concat_op, operators.desc_op, operators.eq),
    *(operators.exists, operators.ge, operators.gt, operators.in_op, operators.inv),
    *(operators.is_, operators.is_distinct_from, operators.is_false, operators.is_not),
    *(operators.is_not_distinct_from, operators.is_true, operators.le, operators.like_op),
    *(operators.lt, operators.mul, operators.ne, operators.not_in_op, operators.or_),
    *(operators.neg, operators.sub, operators.truediv),
}
_TYPES = {
    *(
        ARRAY,
        sqltypes.ARRAY,
        PriorityRank,
        sqltypes.NullType,
        sqltypes.TableValueType,
        types.BigInteger,
    ),
    *(
        types.Boolean,
        types.Date,
        types.DateTime,
        types.Double,
        types.Integer,
        types.Interval,
        types.Numeric,
    ),
    *(types.SmallInteger, types.String, types.Text),
}
_NAME = re.compile(r"(?:[a-z0-9_]|%\([0-9a-f]+ [a-z0-9_ ]+\)s)+")
"""A name that says the same whether it is quoted or not, or one that SQLAlchemy makes up."""

_CONSTANT = re.compile(r"\*|[0-9]+|'[^'\\]*'|chr\([0-9]+\)")
"""The text that is let into a statement: a constant of it, or all columns."""

_ALEMBIC_VERSION = ("alembic_version", {"version_num"})
"""The table that `migration_state.py` reads, and its column; it belongs to nobody."""

_IN_PARTS = {
    *(InternalTraversal.dp_clauseelement, InternalTraversal.dp_clauseelement_list),
    *(InternalTraversal.dp_clauseelement_tuple, InternalTraversal.dp_clauseelement_tuples),
    *(InternalTraversal.dp_dml_values, InternalTraversal.dp_dml_multi_values),
    InternalTraversal.dp_setup_join_tuple,
}
_HARMLESS = {
    (elements.BindParameter, "value"),  # it is sent beside the statement
    (postgresql.OnConflictDoUpdate, "inferred_target_elements"),  # `scopes.py` reads them
    (selectable.CompoundSelect, "keyword"),
    *((selectable.Select, name) for name in ("_correlate_mode", "_label_style")),
    *((insert, "_select_names") for insert in (dml.Insert, postgresql.Insert)),
    *((function, "name") for function in _FUNCTION_CLASSES),  # `_require_known` looks at it
}


class RefusedStatementError(RuntimeError):
    """What the guard does not understand, or must not let through: a defect of ours."""


def is_savepoint(element: object) -> bool:
    """Whether it only marks a place in a transaction."""
    return type(element) in _SAVEPOINTS


def parts(clause: Any) -> Iterator[Any]:
    """The clauses that a clause is made of. Raises RefusedStatementError for one not on the lists.

    A table has no parts: the guard's rules are about these.
    """
    if type(clause) in {Table, TableClause}:
        _require_known_table(clause)
        return
    if type(clause) not in _CLAUSES:
        raise RefusedStatementError(f"a statement has a {type(clause).__name__}")
    _require_known(clause)
    for name, kind in clause._traverse_internals:  # noqa: SLF001
        value = getattr(clause, name, None)
        if kind in _IN_PARTS:
            yield from _clauses(value, clause)
        elif not _is_harmless(clause, name, kind, value):
            raise RefusedStatementError(f"a {type(clause).__name__} has {name.strip('_')}")


def _clauses(value: Any, clause: Any) -> Iterator[Any]:
    """The clauses in an attribute, which may be a collection of collections."""
    if isinstance(value, elements.ClauseElement):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str | schema.Column):
                raise RefusedStatementError("a statement writes what is no column")
            yield from _clauses(inner, clause)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _clauses(inner, clause)
    elif value is not None and not isinstance(value, bool):
        raise RefusedStatementError(f"a {type(clause).__name__} holds a {type(value).__name__}")


def _is_harmless(clause: Any, name: str, kind: Any, value: Any) -> bool:
    """Whether an attribute without clauses is empty, or says what is on a list."""
    if kind is InternalTraversal.dp_type:
        known = _is_known_type(value)
    elif kind is InternalTraversal.dp_operator:
        known = value in _OPERATORS
    elif kind is InternalTraversal.dp_anon_name:
        known = _is_name(clause, value)
    elif name == "modifiers":
        known = not any(value.values())
    elif name == "collation":
        known = value == "C"
    else:
        known = kind is InternalTraversal.dp_boolean or (type(clause), name) in _HARMLESS
    return known or not value


def _is_known_type(value: Any) -> bool:
    is_array = type(value) in {ARRAY, sqltypes.ARRAY}
    return type(value) in _TYPES and (not is_array or type(value.item_type) in _TYPES)


def _is_name(clause: Any, name: Any) -> bool:
    if isinstance(clause, elements.ColumnClause) and clause.is_literal:
        return True  # `_require_known` has looked at it
    if isinstance(clause, selectable.AliasedReturnsRows) and name in {one.name for one in OWNED}:
        return False
    return name is None or bool(_NAME.fullmatch(name))


def _require_known(clause: Any) -> None:
    """Look at what the attributes alone do not tell."""
    kind = type(clause)
    if kind in _FUNCTION_CLASSES and clause.name not in _FUNCTIONS:
        raise RefusedStatementError("a statement calls a function that is on no list")
    if kind is elements.ColumnClause and not _is_known_column(clause):
        raise RefusedStatementError("a statement has text, or a column of no table of ours")
    if kind is elements.BindParameter and clause.literal_execute:
        raise RefusedStatementError("a statement writes a value into its text")
    if kind is selectable.ForUpdateArg and not _is_known_lock(clause):
        raise RefusedStatementError("a statement has a lock of another kind than writes take")
    if isinstance(clause, selectable.AliasedReturnsRows) and not _is_known_alias(clause):
        raise RefusedStatementError("a statement has an alias of what is on no list")


def _is_known_column(column: Any) -> bool:
    """Whether it is a constant, a column of a subquery, or that of the migrations."""
    if column.is_literal:
        return column.table is None and bool(_CONSTANT.fullmatch(column.name))
    is_inner = isinstance(column.table, selectable.AliasedReturnsRows)
    return is_inner or column.name in _ALEMBIC_VERSION[1]


def _is_known_lock(lock: Any) -> bool:
    """Whether it is the lock of an UPDATE: it waits for its turn, and for all rows."""
    return bool(lock.key_share) and not (lock.read or lock.nowait or lock.skip_locked or lock.of)


def _is_known_alias(alias: Any) -> bool:
    """Whether it is a table of ours by another name, or the rows of a statement."""
    if type(alias) is selectable.Alias:
        return any(alias.element is table for table in OWNED)
    return type(alias.element) in STATEMENTS | {selectable.Subquery}


def _require_known_table(table: Any) -> None:
    """The very tables of the models: another object of the same name is a table we do not know."""
    if any(table is one for one in OWNED):
        return
    if type(table) is not TableClause or table.name != _ALEMBIC_VERSION[0] or table.schema:
        raise RefusedStatementError("a statement has a table that is none of ours")
