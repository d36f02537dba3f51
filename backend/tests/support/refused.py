"""Statements that the guard refuses, by name: each is a mistake that somebody could make."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    MetaData,
    Numeric,
    Sequence,
    and_,
    any_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
    tablesample,
    text,
    true,
    union_all,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import quoted_name

from backend.models.task import Task, task_lists, tasks
from backend.queries.ownership import ACROSS_OWNERS, owned, owner

ENTITY: Any = Task
MINE = select(tasks.c.id).where(owned())
OTHER = tasks.alias("other")
ALL = select(tasks.c.user_id, tasks.c.title)
NEW = upsert(tasks).values(user_id=owner(), title="x")
EVERYTHING = "SELECT * FROM tasks"
COUNT = select(tasks.c.user_id, func.count())


def survey(statement: Any) -> Any:
    return statement.execution_options(**{ACROSS_OWNERS: True})


TEXT = {
    "text": text("SELECT 1"),
    "text in another case": text('select * from "TASKS", Public.tAsKs'),
    "text as a column": select(text("title")).select_from(tasks).where(owned()),
    "text as a condition": MINE.where(text("true OR true")),
    "text as an order": MINE.order_by(text("1")),
    "text by the name of a label": MINE.order_by("id"),
    "text with columns": select(text(EVERYTHING).columns(tasks.c.id).subquery()),
    "text as a table": select(literal(1)).select_from(text("tasks")),
    "a prefix": MINE.prefix_with("title, user_id,"),
    "a suffix": MINE.suffix_with("UNION ALL SELECT id FROM tasks"),
    "a hint": MINE.with_hint(tasks, "TABLESAMPLE SYSTEM (100)"),
    "a hint on a statement": MINE.with_statement_hint("UNION ALL SELECT id FROM tasks"),
    "a prefix of an update": update(tasks).where(owned()).values(title="x").prefix_with("ONLY"),
    "a prefix of an insert": NEW.prefix_with("/* */"),
    "a prefix of a delete": delete(tasks).where(owned()).prefix_with("/* */"),
    "a hint of an update": update(tasks).where(owned()).values(title="x").with_hint("x"),
    "a prefix of a CTE": select(MINE.cte().prefix_with("AS (SELECT 1)")),
    "a suffix of a CTE": select(MINE.cte().suffix_with(", x AS (SELECT 1)")),
    "a subquery in a constant": select(literal_column("(SELECT max(title) FROM tasks)")),
    "a constant that ends early": MINE.where(tasks.c.title == literal_column("'x' OR 'x' = 'x'")),
    "an escaped constant": MINE.where(tasks.c.title == literal_column(r"E'\' OR 1=1 --'")),
    "a call in a constant": select(literal_column("query_to_xml('SELECT 1',true,true,'')")),
    "an operator of one's own": MINE.where(tasks.c.id.op("= 1 OR")(1)),
    "a name that is not quoted": select(MINE.subquery(quoted_name("x, tasks", quote=False))),
    "a label that is not quoted": select(
        tasks.c.id.label(quoted_name("x FROM tasks --", quote=False))
    ).where(owned()),
    "a value in the text": MINE.where(tasks.c.id == bindparam("x", 1, literal_execute=True)),
    "a collation": MINE.order_by(tasks.c.title.collate("x")),
    "a type of another kind": select(literal(1).cast(INTERVAL())),
    "an array of such a type": select(literal(1).cast(ARRAY(INTERVAL()))),
}
FUNCTIONS = {
    name: select(call)
    for name, call in {
        "query_to_xml": func.query_to_xml(EVERYTHING, true(), true(), ""),
        "table_to_xml": func.table_to_xml("tasks", true(), true(), ""),
        "dblink": func.dblink("dbname=tasks", EVERYTHING),
        "pg_read_file": func.pg_read_file("/etc/passwd"),
        "set_config": func.set_config("search_path", "other", literal(value=False)),
        "lo_import": func.lo_import("/etc/passwd"),
        "ts_stat": func.ts_stat(EVERYTHING),
        "setval": func.setval("tasks_id_seq", 1),
        "count in a schema": func.public.count(),
        "a table of a function": func.query_to_xml("x").table_valued("x").c.x,
        "a function as a table": func.now().alias().column,
        "next_value": Sequence("tasks_id_seq").next_value(),
    }.items()
}
TABLES = {
    "an entity": select(Task),
    "an entity of one owner": select(Task).where(owned()),
    "a column of an entity": select(ENTITY.id, ENTITY.title).where(owned()),
    "an update of an entity": update(Task).where(owned()).values(title="x"),
    "a table by its name": select(table("tasks", column("title"))),
    "a quoted table": select(column("title")).select_from(table(quoted_name("tasks", quote=True))),
    "a table in a schema": select(column("title")).select_from(table("tasks", schema="public")),
    "a copy of a table": select(tasks.to_metadata(MetaData())),
    "a copy in a schema": select(tasks.to_metadata(MetaData(), schema="public")).where(owned()),
    "the catalogue": select(table("pg_class", column("relname"))),
    "a column of no table": select(column("title")),
    "a column of no table beside one": select(column("title")).select_from(tasks).where(owned()),
    "a sample": select(tablesample(tasks, 100)),
    "a sample of one owner": select(tablesample(tasks, 100, name="x")).where(owned()),
    "values": select(values(column("x", Numeric), name="x").data([(1,)])),
    "a lateral table": select(tasks.lateral("x")).where(owned()),
    "an alias with a table's name": select(task_lists.alias("tasks")),
    "a CTE with a table's name": select(MINE.cte("tasks")),
    "a table as a row": select(func.row_to_json(tasks.table_valued())),
    "a lock": MINE.with_for_update(),
    "DDL": CreateTable(tasks),
    "a function alone": func.now(),
    "a sequence": Sequence("tasks_id_seq"),
}
OWNERLESS = {
    "an alias": select(OTHER),
    "an alias beside the table": select(OTHER.c.title).where(owned(), OTHER.c.id == tasks.c.id),
    "an alias of the outer query's owner": select(OTHER).where(
        owned(), OTHER.c.user_id == tasks.c.user_id
    ),
    "a join": select(tasks).join(OTHER, OTHER.c.id == tasks.c.id).where(owned()),
    "an outer join": select(tasks).outerjoin(OTHER, true()).where(owned()),
    "a join with the owner in ON": select(tasks.c.id).join(task_lists, owned()),
    "a scalar subquery": select(ALL.limit(literal(1)).scalar_subquery()),
    "a subquery of the outer query's owner": MINE.where(
        exists(select(OTHER.c.id).where(OTHER.c.user_id == tasks.c.user_id))
    ),
    "EXISTS": select(literal(1)).where(exists(select(tasks.c.id))),
    "IN": MINE.where(tasks.c.id.in_(select(OTHER.c.id))),
    "a CTE": select(ALL.cte()),
    "a CTE in a scoped query": MINE.where(tasks.c.id == ALL.cte().c.user_id),
    "an added CTE": MINE.add_cte(ALL.cte()),
    "LATERAL": select(MINE.subquery(), ALL.lateral()),
    "one arm of a union": union_all(MINE, select(tasks.c.id)),
    "ORDER BY": select(literal(1)).order_by(tasks.c.id),
    "GROUP BY": select(literal(1)).group_by(tasks.c.id),
    "HAVING": select(literal(1)).having(func.max(tasks.c.id) > 1),
    "LIMIT": MINE.limit(select(func.max(OTHER.c.id)).scalar_subquery()),
    "OR": select(tasks).where(or_(owned(), tasks.c.id == 1)),
    "NOT": select(tasks).where(~owned()),
    "NOT of AND": select(tasks).where(~and_(owned(), tasks.c.id == 1)),
    "HAVING the owner": select(tasks.c.user_id).group_by(tasks.c.user_id).having(owned()),
    "a constant owner": select(tasks).where(tasks.c.user_id == 1),
    "an owner that the statement knows": select(tasks).where(
        tasks.c.user_id == bindparam("owner", 2)
    ),
    "another value for the owner": MINE.where(tasks.c.id == bindparam("owner", 2)),
    "a parameter of another name": select(tasks).where(tasks.c.user_id == bindparam("task_id")),
    "a list of owners": select(tasks).where(tasks.c.user_id.in_(bindparam("owner"))),
    "the owner of another table": select(tasks).where(owned(task_lists)),
    "UPDATE FROM an alias": update(tasks)
    .where(owned(), tasks.c.id == OTHER.c.id)
    .values(title=OTHER.c.title),
    "UPDATE with an alias in SET": update(tasks).where(owned()).values(title=OTHER.c.title),
    "UPDATE with a subquery in SET": update(tasks)
    .where(owned())
    .values(title=select(OTHER.c.title).limit(literal(1)).scalar_subquery()),
    "UPDATE with an alias in RETURNING": update(tasks)
    .where(owned())
    .values(title="x")
    .returning(OTHER.c.title),
    "UPDATE of the owner": update(tasks).where(owned()).values(user_id=2),
    "UPDATE of the owner to itself": update(tasks).where(owned()).values(user_id=owner()),
    "UPDATE of the owner in order": update(tasks)
    .where(owned())
    .ordered_values((tasks.c.user_id, literal(2))),
    "DELETE USING": delete(tasks).where(owned(), tasks.c.id == OTHER.c.id),
    "DELETE USING a table": delete(tasks).using(OTHER).where(owned()),
    "DELETE": delete(tasks),
    "INSERT": insert(tasks),
    "INSERT for another": insert(tasks).values(user_id=2, title="x"),
    "INSERT for nobody": insert(tasks).values(title="x"),
    "INSERT of several": insert(tasks).values([{"user_id": owner()}, {"user_id": 2}]),
    "INSERT from all": insert(tasks).from_select(["user_id", "title"], ALL),
    "INSERT from another": insert(tasks).from_select(["user_id"], select(literal(2))),
    "INSERT in another order": insert(tasks).from_select(
        ["title", "user_id"], select(owner(), literal(2))
    ),
    "INSERT from a table": insert(tasks).from_select(["user_id", "id"], select(MINE.subquery())),
    "INSERT from a union": insert(tasks).from_select(
        ["user_id"], union_all(select(owner()), select(literal(2)))
    ),
    "INSERT of another's title": insert(tasks).from_select(
        ["user_id", "title"], select(owner(), OTHER.c.title)
    ),
    "an upsert on another key": NEW.on_conflict_do_update(
        index_elements=[tasks.c.id], set_={"title": "x"}
    ),
    "an upsert on a constraint": NEW.on_conflict_do_update(
        constraint="pk_tasks", set_={"title": "x"}
    ),
    "an upsert that moves a row": NEW.on_conflict_do_update(
        index_elements=["user_id", "id"], set_={"user_id": 2}
    ),
    "an upsert with another's title": NEW.on_conflict_do_update(
        index_elements=["user_id", "id"], set_={"title": OTHER.c.title}
    ),
    "an upsert that does nothing": NEW.on_conflict_do_nothing(),
}
POSITION = select(task_lists.c.user_id, task_lists.c.revision)
AMONG = task_lists.c.user_id == any_(bindparam("owners", type_=ARRAY(BigInteger)))
SURVEYS = {
    "of titles": survey(ALL),
    "of each task": survey(select(tasks.c.user_id, func.count()).group_by(tasks.c.id)),
    "of titles too": survey(select(tasks.c.user_id, tasks.c.title)),
    "by title": survey(COUNT.group_by(tasks.c.user_id, tasks.c.title)),
    "of the highest title": survey(
        select(tasks.c.user_id, func.max(tasks.c.title)).group_by(tasks.c.user_id)
    ),
    "with a subquery": survey(COUNT.group_by(tasks.c.user_id).where(exists(select(OTHER.c.id)))),
    "of two tables": survey(COUNT.group_by(tasks.c.user_id).where(OTHER.c.id == tasks.c.id)),
    "with text": survey(COUNT.group_by(tasks.c.user_id).where(text("true"))),
    "of a subquery": survey(select(ALL.subquery())),
    "that writes": survey(update(tasks).values(title="x")),
    "of nothing": survey(select(null())),
    "of all positions": survey(POSITION),
    "of positions by another condition": survey(POSITION.where(task_lists.c.revision > 1)),
    "of positions of given owners and more": survey(POSITION.where(AMONG, true())),
    "of positions of owners in the statement": survey(
        POSITION.where(task_lists.c.user_id == any_(literal([1, 2], ARRAY(BigInteger))))
    ),
    "of other positions": survey(POSITION.where(task_lists.c.revision == AMONG.right)),
    "of positions beyond": survey(POSITION.where(task_lists.c.user_id >= AMONG.right)),
    "of the clocks of owners": survey(
        select(task_lists.c.user_id, task_lists.c.changed_at).where(AMONG)
    ),
    "of the lists of owners": survey(select(task_lists).where(AMONG)),
    "of the tasks of owners": survey(
        select(tasks.c.user_id, tasks.c.revision).where(tasks.c.user_id == AMONG.right)
    ),
}
