"""Whether the schema is as this code needs it, and who may do what in it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

from backend.commands.diagnosis.findings import Finding, fail, listed, ok, warn
from backend.database.grants import RUNTIME_ROLE, has_role, missing
from backend.database.migration_errors import reason
from backend.database.migration_state import has_all_columns, newest_migration

_UPGRADE = "run `alembic upgrade head`"


def migration_finding(connection: Connection) -> Finding:
    """Which revision the database is at, as the service's login sees it."""
    newest = newest_migration()
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except ProgrammingError as error:
        denied = "permission denied" in reason(error)
        way_out = f"{_UPGRADE}, which grants what {RUNTIME_ROLE} needs" if denied else _UPGRADE
        return fail("migrations", f"{reason(error)}: {way_out}")
    if list(found) == [newest]:
        return ok("migrations", f"at the newest, {newest}")
    known = all(str(one).isdigit() and str(one) <= str(newest) for one in found)
    at = listed([str(one) for one in found]) or "none"
    if known:
        return fail("migrations", f"at {at}, this code needs {newest}: {_UPGRADE}")
    unknown = f"at {at}, which this code (at {newest}) does not know"
    if has_all_columns(connection):
        return warn("migrations", f"{unknown}; it has all that this code needs: deploy the newer")
    return fail("migrations", f"{unknown}: deploy the newer code, or downgrade with it")


def login_findings(connection: Connection) -> Iterator[Finding]:
    """Findings about the service's login: it needs to read and write rows, and nothing else."""
    if _one(connection, "SELECT to_regclass('tasks')") is None:
        return  # not migrated, or not visible to it: reported already
    me = _one(connection, "SELECT current_user")
    lacking = [f"{right.right} on {right.name}" for right in missing(connection, me)]
    if lacking:
        way_out = f"GRANT {RUNTIME_ROLE} TO {_one(connection, 'SELECT quote_ident(current_user)')}"
        yield fail(
            "rights", f"{me} lacks {listed(lacking)}: {way_out}; if it has that role, {_UPGRADE}"
        )
    else:
        yield ok("rights", f"{me} can read and write the rows of all tables")
    excess = [name for name, has in _excess(connection).items() if has]
    if excess:
        yield warn(
            "rights",
            f"{me} is more than it needs to be ({listed(excess)}): serve as a login of its own, "
            f"CREATE ROLE tasks_app LOGIN PASSWORD '…' IN ROLE {RUNTIME_ROLE}",
        )


def migrator_findings(connection: Connection) -> Iterator[Finding]:
    """Findings about the migrating login: it owns the tables, and may create in their schema."""
    me, schema = (
        _one(connection, "SELECT current_user"),
        _one(connection, "SELECT current_schema()"),
    )
    if schema is None:
        yield fail("migrations", f"no schema of {me}'s search_path exists: create it")
        return
    create = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
    if not _one(connection, create):
        line = f"{me} may not create in schema {schema}: GRANT CREATE ON SCHEMA {schema} TO {me}"
        yield fail("migrations", line)
    foreign = _foreign_tables(connection)
    if foreign:
        line = f"{me} does not own {listed(foreign)}: MIGRATION_DATABASE_URL must be of the owner"
        yield fail("migrations", line)
    if not has_role(connection):
        yield _missing_role(connection, me)
    elif not foreign:
        yield ok("migrations", f"{me} owns the tables in schema {schema}")


def _missing_role(connection: Connection, me: str) -> Finding:
    may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    if _one(connection, may):
        return warn(
            "migrations", f"there is no role {RUNTIME_ROLE} yet: {_UPGRADE}, which makes it"
        )
    return warn(
        "migrations",
        f"there is no role {RUNTIME_ROLE}, and {me} may not make it: have it made with "
        f"CREATE ROLE {RUNTIME_ROLE} NOLOGIN, then {_UPGRADE}",
    )


def _one(connection: Connection, statement: str) -> Any:
    return connection.execute(text(statement)).scalar_one()


def _excess(connection: Connection) -> dict[str, bool]:
    """Rights that the service does not need, and whether its login has them."""
    row = connection.execute(
        text(
            'SELECT rolsuper AS superuser, rolcreaterole AS "may make roles", '
            'rolcreatedb AS "may make databases", rolbypassrls AS "passes row security", '
            "EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('tasks') "
            "AND pg_has_role(relowner, 'USAGE')) AS \"owner of the tables\", "
            "has_schema_privilege(current_schema(), 'CREATE') AS \"may create tables\" "
            "FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    found = {name: bool(has) for name, has in row._mapping.items()}  # noqa: SLF001
    return {"superuser": True} if found["superuser"] else found


def _foreign_tables(connection: Connection) -> list[str]:
    """Our tables that this login neither owns nor may act for the owner of."""
    find = text(
        "SELECT relname FROM pg_class WHERE oid = to_regclass(quote_ident(:name)) "
        "AND NOT pg_has_role(relowner, 'USAGE')"
    )
    names = [*SQLModel.metadata.tables, "alembic_version"]
    return [name for name in names if connection.execute(find, {"name": name}).all()]
