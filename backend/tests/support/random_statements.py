"""Statements from the whole vocabulary of the guard, with each table's owner named or not.

All columns that pass from one part to the next are numbers called `a` and `b`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Table,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tablesample,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from backend.models.task import idempotency_keys, task_lists, tasks
from backend.queries.ownership import owner

Draw = Callable[[st.SearchStrategy[Any]], Any]
Source = Any
"""A table, an alias of one, or the rows of a statement."""

TABLES: Sequence[Table] = (tasks, task_lists, idempotency_keys)

SPOILS: dict[str, Callable[[Any], Any]] = {
    "prefix": lambda query: query.prefix_with("ALL"),
    "suffix": lambda query: query.suffix_with("-- all"),
    "hint": lambda query: query.with_statement_hint("-- all"),
    "text": lambda query: query.where(text("true")),
    "constant": lambda query: query.where(literal_column("(SELECT 1)") == 1),
    "function": lambda query: query.where(func.pg_read_file("x") == "x"),
    "operator": lambda query: query.where(literal(1).op("=")(1)),
    "sample": lambda query: query.where(exists(select(tablesample(tasks, 100)))),
    "lock": lambda query: query.with_for_update(),
    "another's owner": lambda query: query.where(exists(select(tasks.alias()))),
}
FLAWS: dict[str, Callable[[Any], Any]] = {
    "none": lambda table: true(),
    "constant": lambda table: table.c.user_id == 2,
    "or": lambda table: or_(table.c.user_id == owner(), table.c.revision > 0),
    "not": lambda table: not_(table.c.user_id == owner()),
    "beyond": lambda table: table.c.user_id >= owner(),
    "other": lambda table: table.c.user_id != owner(),
    "itself": lambda table: table.c.user_id == table.c.user_id,
    "elsewhere": lambda table: tasks.alias().c.user_id == owner(),
    "subquery": lambda table: table.c.user_id.in_(select(task_lists.c.user_id)),
}


def _array(text: str) -> Any:
    return cast(literal_column(f"'{text}'"), ARRAY(Text))


class Builder:
    """Draws one statement; `flaws` says what is wrong with it."""

    def __init__(self, draw: Draw, *, may_be_flawed: bool) -> None:
        self._draw = draw
        self._may_be_flawed = may_be_flawed
        self.flaws: list[str] = []

    def _one_of(self, options: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(options))

    def _is_flawed(self, *names: str) -> bool:
        """Now and then, whether to make a mistake: one of these."""
        if not self._may_be_flawed or self._draw(st.integers(0, 9)):
            return False
        self.flaws.append(self._one_of(names))
        return True

    def statement(self) -> Any:
        return self._one_of((self.query, self.query, self._writing_query, self._write))()

    def query(self, depth: int = 2) -> Any:
        if depth and not self._draw(st.integers(0, 4)):
            both = union_all(self._select(depth - 1), self._select(depth - 1)).subquery()
            return select(both.c.a, both.c.b)
        return self._select(depth)

    def _writing_query(self) -> Any:
        written = self._write().cte("written")
        return select(written.c.a, written.c.b).where(self._condition([written], 1))

    def _select(self, depth: int) -> Any:
        sources = [self._source(depth) for _ in range(self._one_of((1, 1, 2)))]
        if len({id(source) for source in sources}) < len(sources):
            sources[0] = sources[0].alias()
        first, second = self._value(sources, depth), self._value(sources, depth)
        query = select(first.label("a"), second.label("b"))
        query = self._joined(query, sources).where(*map(self._owner, sources))
        if self._draw(st.booleans()):
            query = query.where(self._condition(sources, depth))
        query = self._shaped(query, first, second)
        return SPOILS[self.flaws[-1]](query) if self._is_flawed(*SPOILS) else query

    def _joined(self, query: Any, sources: list[Source]) -> Any:
        if len(sources) == 2 and self._draw(st.booleans()):
            first, second = sources
            matching = self._columns(first)[0] == self._columns(second)[0]
            is_outer = self._draw(st.booleans())
            return query.select_from(first.join(second, matching, isouter=is_outer))
        return query.select_from(*sources)

    def _shaped(self, query: Any, first: Any, second: Any) -> Any:
        shape = self._one_of(("plain", "plain", "ordered", "grouped", "windowed"))
        if shape == "ordered":
            by = "a" if self._is_flawed("text of an order") else first
            return query.order_by(by, second).limit(literal(2))
        inner = query.subquery()
        if shape == "grouped":
            return select(inner.c.a, func.count().label("b")).group_by(inner.c.a)
        if shape == "windowed":
            before = func.lag(inner.c.a, type_=BigInteger()).over(order_by=inner.c.b)
            return select(inner.c.a, before.label("b"))
        return query

    def _source(self, depth: int) -> Source:
        deeper = ("subquery", "cte", "lateral", "locked", "unnested") if depth else ()
        kind = self._one_of(("table", "alias", "alias", *deeper))
        if kind in {"table", "alias"}:
            table = self._one_of(TABLES)
            return table.alias() if kind == "alias" else table
        if kind == "locked":
            return self._locked()
        if kind == "unnested":
            numbers = func.unnest(cast(literal_column("'{1,5,7}'"), ARRAY(BigInteger)))
            return select(numbers.label("a"), literal_column("1").label("b")).subquery()
        inner = self.query(depth - 1)
        return {"subquery": inner.subquery, "cte": inner.cte, "lateral": inner.lateral}[kind]()

    def _locked(self) -> Source:
        """Rows under the lock of a write."""
        table = self._one_of(TABLES)
        rows = select(table.c.revision.label("a"), table.c.user_id.label("b"))
        return rows.where(self._owner(table)).with_for_update(key_share=True).cte()

    def _owner(self, source: Source) -> Any:
        """The condition that names the owner of a table; true for the rows of a statement."""
        if not hasattr(source.c, "user_id"):
            return true()
        if self._is_flawed(*FLAWS):
            return FLAWS[self.flaws[-1]](source)
        return source.c.user_id == owner()

    def _columns(self, source: Source) -> tuple[Any, Any]:
        names = ("revision", "user_id") if hasattr(source.c, "user_id") else ("a", "b")
        return source.c[names[0]], source.c[names[1]]

    def _value(self, sources: list[Source], depth: int) -> Any:
        column = self._one_of(self._columns(self._one_of(sources)))
        kinds = ("column", "column", "greatest", "constant", "sum") + (("scalar",) if depth else ())
        values: dict[str, Callable[[], Any]] = {
            "column": lambda: column,
            "greatest": lambda: func.greatest(column, 3),
            "constant": lambda: func.greatest(literal_column("7"), 3),
            "sum": lambda: func.coalesce(column, 0) + literal(1),
            "scalar": lambda: self._scalar(depth - 1),
        }
        return values[self._one_of(kinds)]()

    def _scalar(self, depth: int) -> Any:
        inner = self.query(depth).subquery()
        aggregate = self._one_of((func.count(), func.max(inner.c.a), func.min(inner.c.a)))
        return select(aggregate).select_from(inner).scalar_subquery()

    def _condition(self, sources: list[Source], depth: int) -> Any:
        source = self._one_of(sources)
        column = self._columns(source)[0]
        if not depth or self._draw(st.booleans()):
            apart = not_(_array("{a}").overlap(_array("{}")))
            return self._one_of((column > 3, or_(column > 3, column.is_(None)), apart))
        inner = self.query(depth - 1).subquery()
        conditions: dict[str, Callable[[], Any]] = {
            "exists": lambda: exists(select(inner.c.a)),
            "none beyond": lambda: (
                ~exists(select(inner.c.a).where(inner.c.a > column, self._owner(source)))
            ),
            "among": lambda: column.in_(select(inner.c.a)),
            "highest": lambda: and_(
                column < 100, column == select(func.max(inner.c.a)).scalar_subquery()
            ),
        }
        return conditions[self._one_of(sorted(conditions))]()

    def _write(self) -> Any:
        return self._one_of((self._update, self._delete, self._insert))()

    def _update(self) -> Any:
        table = self._one_of(TABLES)
        others = [self._alias_or_rows() for _ in range(self._one_of((0, 1)))]
        written: dict[str, Any] = {"revision": func.coalesce(self._value([table, *others], 1), 1)}
        if self._is_flawed("moves"):
            written["user_id"] = literal(2)
        statement = update(table).values(written).where(*map(self._owner, [table, *others]))
        statement = statement.where(*(self._columns(other)[0] > 0 for other in others))
        return self._returning(statement, table)

    def _delete(self) -> Any:
        table = self._one_of(TABLES)
        others = [self._alias_or_rows() for _ in range(self._one_of((0, 1)))]
        statement = delete(table).using(*others).where(*map(self._owner, [table, *others]))
        return self._returning(statement.where(self._condition([table, *others], 1)), table)

    def _alias_or_rows(self) -> Source:
        table = self._one_of(TABLES).alias()
        return table if self._draw(st.booleans()) else self.query(1).subquery()

    def _insert(self) -> Any:
        """One row into the lists, which the owner has: what is in its way is written."""
        source = self._alias_or_rows()
        whose = literal(2) if self._is_flawed("for another") else owner()
        values: dict[str, Any] = {
            "user_id": whose.label("user_id"),
            "revision": func.coalesce(self._value([source], 1), 1),
            "changed_at": func.now(),
        }
        rows = select(*values.values()).select_from(source).where(self._owner(source))
        new = insert(task_lists).from_select(list(values), rows.limit(literal(1)))
        to_set: dict[str, Any] = {"revision": task_lists.c.revision + new.excluded.revision}
        if self._is_flawed("moves in the way"):
            to_set["user_id"] = literal(2)
        upsert = new.on_conflict_do_update(index_elements=[task_lists.c.user_id], set_=to_set)
        return self._returning(upsert, task_lists)

    def _returning(self, statement: Any, table: Table) -> Any:
        return statement.returning(table.c.revision.label("a"), table.c.user_id.label("b"))


@st.composite
def statements(draw: Any, *, may_be_flawed: bool) -> tuple[Any, list[str]]:
    """A statement, and what is wrong with it."""
    builder = Builder(draw, may_be_flawed=may_be_flawed)
    return builder.statement(), builder.flaws
