"""Runs the migrations over the direct endpoint, one at a time, each in a transaction of its own.

A migration that computes in Python is two revisions: the first adds the columns, the second fills
them with `backend/database/batches.py`, in an `autocommit_block()` and under no lock on a table.
"""

import logging
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

import backend.models.task  # noqa: F401  (fills the metadata)
from backend.config import get_settings
from backend.database.grants import USAGE_SCRIPT, grant_missing
from backend.database.migration_errors import MigrationError, explained, require_utf8
from backend.database.migration_lock import free_of_timeouts, one_at_a_time
from backend.observability.logs import configure_logging

REFILL = (
    "SQL cannot fill the columns of the search: if there were tasks before, run "
    "python -m backend.commands.refill_search afterwards; until then no search finds them"
)

_log = logging.getLogger("backend.migrations")


def _url() -> URL:
    """Given by a caller in Python, or else by the settings."""
    url: URL = context.config.attributes.get("url") or get_settings().migration_url
    return url


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Other tables in the database are not compared: a table that goes is dropped by hand."""
    return kind != "table" or name in SQLModel.metadata.tables


def _migrate_offline() -> None:
    upgrades: list[bool] = []

    def note(ctx: Any, step: MigrationInfo, heads: Any, run_args: Any) -> None:
        upgrades.append(step.is_upgrade)

    context.configure(
        url=_url(),
        target_metadata=SQLModel.metadata,
        literal_binds=True,
        transaction_per_migration=True,
        on_version_apply=note,
    )
    with context.begin_transaction():
        context.run_migrations()
        if any(upgrades):
            context.execute(USAGE_SCRIPT)
            context.get_context().impl.static_output(f"-- {REFILL}.\n")
            _log.warning("%s", REFILL)


def _run() -> None:
    """Run what Alembic was asked for; after an upgrade to the newest revision, the grants."""
    migration = context.get_context()
    with context.begin_transaction():
        context.run_migrations()
    connection = migration.connection
    assert connection is not None  # noqa: S101
    heads = set(migration.get_current_heads())
    connection.rollback()
    if heads == set(context.script.get_heads()):
        grant_missing(connection)


def _migrate() -> None:
    engine = create_engine(_url(), poolclass=NullPool, hide_parameters=True)
    free_of_timeouts(engine)
    with explained(), engine.connect() as connection:
        require_utf8(connection)
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            transaction_per_migration=True,
            include_name=_is_ours,
        )
        if "destination_rev" in context.get_context().opts:  # an upgrade, a downgrade or a stamp
            with one_at_a_time(engine):
                _run()
        else:
            context.run_migrations()


is_command = context.config.cmd_opts is not None
if is_command:
    configure_logging(get_settings())
if context.is_offline_mode():
    _migrate_offline()
else:
    try:
        _migrate()
    except KeyboardInterrupt:
        if not is_command:
            raise
        raise MigrationError(
            "Interrupted: the migrations that were finished stay; run it again to go on"
        ) from None
