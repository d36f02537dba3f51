"""The rights of the role that the service's login belongs to: given again after every upgrade.

The migrations grant them where the role exists. Where it is made later, or where the schema is not
`public`, `alembic upgrade head` brings what is missing; it changes nothing else.
"""

import logging
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

RUNTIME_ROLE = "tasks_runtime"
ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")

_CREATE = """
DO $$ BEGIN
    CREATE ROLE tasks_runtime NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$
"""
USAGE_SCRIPT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tasks_runtime') THEN
        EXECUTE 'GRANT USAGE ON SCHEMA ' || quote_ident(current_schema()) || ' TO tasks_runtime';
    END IF;
END $$
"""
"""For SQL that is printed: there the migrations have granted all the rest."""

_log = logging.getLogger("backend.migrations")


class Right(NamedTuple):
    """A right on a TABLE, a SEQUENCE or a SCHEMA."""

    kind: str
    name: str
    right: str


def wanted(schema: str) -> Iterator[Right]:
    """Rows of every table, the numbers of new ones, and the revision to compare with the code's."""
    yield Right("SCHEMA", schema, "USAGE")
    yield Right("TABLE", "alembic_version", "SELECT")
    for table in SQLModel.metadata.sorted_tables:
        yield from (Right("TABLE", table.name, right) for right in ROWS)
        for column in table.columns:
            if column.identity is not None:
                yield Right("SEQUENCE", f"{table.name}_{column.name}_seq", "USAGE")


def missing(connection: Connection, role: str) -> list[Right]:
    """What of it this role, which must exist, has not."""
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    return [right for right in wanted(schema or "public") if not _has(connection, role, right)]


def _has(connection: Connection, role: str, right: Right) -> bool:
    if right.kind != "SCHEMA":
        known = connection.execute(text("SELECT to_regclass(:name)"), {"name": _quoted(right.name)})
        if known.scalar_one() is None:
            return False
    name = right.name if right.kind == "SCHEMA" else _quoted(right.name)
    check = text(f"SELECT has_{right.kind.lower()}_privilege(:role, :name, :right)")
    values = {"role": role, "name": name, "right": right.right}
    return bool(connection.execute(check, values).scalar_one())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def has_role(connection: Connection) -> bool:
    """Whether the runtime role exists in this cluster."""
    find = text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
    return bool(connection.execute(find, {"role": RUNTIME_ROLE}).scalar_one())


def grant_missing(connection: Connection) -> None:
    """Make the role, where this login may, and give it what it lacks; log what is left to do."""
    with connection.begin():
        if not has_role(connection):
            connection.execute(text(_CREATE))
        if not has_role(connection):
            _log.warning(
                "the role %s does not exist, and this login may not create it: have it made with "
                "CREATE ROLE %s NOLOGIN, then run `alembic upgrade head` again, which grants its "
                "rights; until then no login of that role is ready to serve",
                *(RUNTIME_ROLE, RUNTIME_ROLE),
            )
            return
        for right in missing(connection, RUNTIME_ROLE):
            target = f"{right.kind} {_quoted(right.name)}"
            connection.execute(text(f"GRANT {right.right} ON {target} TO {RUNTIME_ROLE}"))
        left = missing(connection, RUNTIME_ROLE)  # a GRANT without the right to give it only warns
    if left:
        _log.warning(
            "%s still lacks %s: their owner must grant it",
            RUNTIME_ROLE,
            ", ".join(f"{right.right} on {right.name}" for right in left),
        )
