"""Each SELECT, UPDATE, DELETE and INSERT within a statement names the one owner it is about."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate
from sqlalchemy.sql import dml, elements, functions, operators, selectable

from backend.database.clauses import OWNED, STATEMENTS, RefusedStatementError, parts
from backend.models.task import task_lists
from backend.queries.ownership import owner

_OWNER = owner()


class OwnerMissingError(RefusedStatementError):
    """A statement on owned rows without a top-level `user_id = <the bound owner>`."""


class _Scope:
    """A SELECT, UPDATE, DELETE or INSERT, and the owned tables that it mentions itself."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self.tables: list[Any] = []
        """Tables and their aliases, each with a name of its own in the SQL."""


def require_scoped(statement: Any) -> None:
    """Raise RefusedStatementError unless every part is known and every table has its owner."""
    for scope in _scopes(statement):
        if isinstance(scope.statement, dml.Insert):
            _require_insert_of_owner(scope)
        elif any(not _is_scoped(table, scope.statement) for table in scope.tables):
            raise OwnerMissingError("a statement on tasks without its owner was refused")
        if isinstance(scope.statement, dml.Update):
            _require_owner_stays(scope.statement._values or ())  # noqa: SLF001


def require_survey(statement: Any) -> None:
    """Raise RefusedStatementError unless it counts the rows of one table, by their owner, or asks
    for the revisions of some owners.
    """
    [scope, *inner] = _scopes(statement)
    if not inner and _asks_for_positions(scope):
        return
    columns = getattr(scope.statement, "_raw_columns", [None])
    table: Any = getattr(columns[0], "table", None)
    owners = [table.c.user_id] if any(table is one for one in OWNED) else []
    if not (
        type(scope.statement) is selectable.Select
        and not inner
        and len(owners) == 1
        and _are_same(scope.tables, [table])
        and _are_same(columns[:1], owners)
        and [type(column) for column in columns[1:]] == [functions.count]
        and _are_same(scope.statement._group_by_clauses, owners)  # noqa: SLF001
    ):
        raise OwnerMissingError("a survey of all owners that does more than count was refused")


def require_part(expression: Any) -> None:
    """Raise RefusedStatementError unless it is about columns that its statement reads already.

    Those are the columns of `tasks`, whose owner the statement names, and those of its subqueries.
    """
    rest = [expression]
    while rest:
        clause = rest.pop()
        if type(clause) in STATEMENTS or type(clause) is selectable.Alias:
            raise RefusedStatementError(f"a {type(clause).__name__} cannot fill a slot")
        if type(clause) is elements.BindParameter and not clause.required:
            raise RefusedStatementError("a value without a name of ours cannot fill a slot")
        if type(clause) is elements.BindParameter and clause.key == _OWNER.key:
            raise OwnerMissingError("a part that names an owner was refused")
        is_of_subquery = isinstance(getattr(clause, "table", None), selectable.Subquery)
        rest += () if is_of_subquery else parts(clause)


def _asks_for_positions(scope: _Scope) -> bool:
    """Whether it is what the poller of the events asks, and nothing more of anybody's."""
    statement = scope.statement
    if type(statement) is not selectable.Select or len(statement._where_criteria) != 1:  # noqa: SLF001
        return False
    lists, [condition] = task_lists.c, statement._where_criteria  # noqa: SLF001
    columns, wanted = statement._raw_columns, [lists.user_id, lists.revision]  # noqa: SLF001
    chosen = getattr(getattr(condition, "right", None), "element", None)
    value = getattr(chosen, "element", None)
    return (
        _are_same(scope.tables, [task_lists])
        and len(columns) == len(wanted)
        and all(column is one for column, one in zip(columns, wanted, strict=True))
        and type(condition) is elements.BinaryExpression
        and condition.operator is operators.eq
        and condition.left is lists.user_id
        and type(condition.right) is elements.CollectionAggregate
        and condition.right.operator is operators.any_op
        and type(value) is elements.BindParameter
        and value.key == "owners"
        and value.required
    )


def _are_same(found: Iterable[Any], expected: list[Any]) -> bool:
    """Whether these are those objects: a comparison by `==` would make an SQL expression."""
    return {id(one) for one in found} == {id(one) for one in expected}


def _scopes(statement: Any) -> list[_Scope]:
    """All statements within a statement, itself first, each with the tables it mentions.

    A column of a table is a mention: SQLAlchemy adds its table to the FROM list.
    """
    if type(statement) not in STATEMENTS:
        raise RefusedStatementError(f"a {type(statement).__name__} is no statement of ours")
    outermost = _Scope(statement)
    found = [outermost]
    seen = set[tuple[int, int]]()
    rest: list[tuple[Any, _Scope]] = [(part, outermost) for part in parts(statement)]
    while rest:
        clause, scope = rest.pop()
        is_statement = type(clause) in STATEMENTS
        mention = (id(clause), 0 if is_statement else id(scope))
        if mention in seen:
            continue
        seen.add(mention)
        if is_statement:
            scope = _Scope(clause)
            found.append(scope)
        elif type(clause) is elements.BindParameter and clause.key == _OWNER.key:
            _require_owner(clause)
        inner = list(parts(clause))
        if _is_reference(clause):
            scope.tables.append(clause)
        else:
            rest += ((part, scope) for part in inner)
    return found


def _is_reference(clause: Any) -> bool:
    """Whether it stands for the rows of an owned table."""
    return type(clause) is selectable.Alias or any(clause is table for table in OWNED)


def _is_scoped(table: Any, statement: Any) -> bool:
    """Whether a condition that must hold for each row gives the table's owner.

    The name in it is resolved within its own SELECT first: a table that comes from an outer one is
    asked for its owner here and there.
    """
    criteria = getattr(statement, "_where_criteria", ())
    return any(_names_owner(part, table) for clause in criteria for part in _conditions(clause))


def _conditions(clause: Any) -> Iterator[Any]:
    """The parts that must all hold: those joined by AND at the top."""
    if type(clause) is elements.BooleanClauseList and clause.operator is operators.and_:
        for part in clause.clauses:
            yield from _conditions(part)
    else:
        yield clause


def _names_owner(condition: Any, table: Any) -> bool:
    return (
        type(condition) is elements.BinaryExpression
        and condition.operator is operators.eq
        and condition.left is table.c.user_id
        and _is_owner(condition.right)
    )


def _is_owner(value: Any) -> bool:
    """Whether it is the parameter that `OwnedSession` binds: no constant, and no other value."""
    return (
        type(value) is elements.BindParameter
        and value.key == _OWNER.key
        and value.required
        and not value.expanding
    )


def _require_owner(parameter: Any) -> None:
    """Each parameter of that name has the owner's value: there is one value for one name."""
    if not _is_owner(parameter):
        raise OwnerMissingError("a statement that knows its owner already was refused")


def _require_insert_of_owner(scope: _Scope) -> None:
    """The new row is the owner's, and so is the one that is in its way."""
    insert: dml.Insert = scope.statement
    excluded = [one for one in scope.tables if one is not insert.table]
    if not _is_owner(_inserted_owner(insert)) or any(
        type(one) is not selectable.Alias
        or one.name != "excluded"
        or one.element is not insert.table
        for one in excluded
    ):
        raise OwnerMissingError("an INSERT of what is not the owner's was refused")
    conflict: Any = insert._post_values_clause  # noqa: SLF001
    if conflict is None:
        return
    target = getattr(conflict, "inferred_target_elements", None) or ()
    if type(conflict) is not OnConflictDoUpdate or "user_id" not in map(_column_name, target):
        raise OwnerMissingError("an upsert that may meet another owner's row was refused")
    _require_owner_stays(conflict.update_values_to_set)


def _inserted_owner(insert: Any) -> Any:
    """What is inserted as `user_id`, or None if that is not plain to see."""
    if insert._multi_values:  # noqa: SLF001
        return None
    if insert.select is None:
        values = {_column_name(key): value for key, value in (insert._values or {}).items()}  # noqa: SLF001
        return values.get("user_id")
    names, source = insert._select_names, insert.select  # noqa: SLF001
    columns = source._raw_columns if type(source) is selectable.Select else []  # noqa: SLF001
    if len(columns) != len(names) or names.count("user_id") != 1:
        return None
    value = columns[names.index("user_id")]
    if not all(isinstance(column, elements.ColumnElement) for column in columns):
        return None  # a table stands for all of its columns
    return value._element if type(value) is elements.Label else value  # noqa: SLF001


def _column_name(key: Any) -> str:
    return key if isinstance(key, str) else key.name


def _require_owner_stays(written: Iterable[Any]) -> None:
    if "user_id" in map(_column_name, written):
        raise OwnerMissingError("an UPDATE that gives a row to another owner was refused")
