"""Runs the migrations over the direct endpoint, one at a time, never waiting long for a lock."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

import backend.models.task  # noqa: F401  (fills the metadata)
from backend.config import get_settings
from backend.observability.logs import configure_logging

MIGRATION_LOCK = 7_260_354_671_228_015_161
"""Any number, the same for all who migrate this service's schema."""


def _url() -> URL:
    """Given by a caller in Python, or else by the settings."""
    url: URL = context.config.attributes.get("url") or get_settings().migration_url
    return url


def _migrate_offline() -> None:
    context.configure(
        url=_url(),
        target_metadata=SQLModel.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _migrate() -> None:
    engine = create_engine(_url(), poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        # Of the session, which ends with us: a migration may consist of several transactions.
        connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = 0"))  # the service's is too short
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.config.cmd_opts is not None:
    configure_logging(get_settings())
if context.is_offline_mode():
    _migrate_offline()
else:
    _migrate()
