"""Repeating tasks and sub-tasks.

All columns are nullable or have a constant default, so no row is rewritten. Constraints are added
without a look at the rows, and validated under a lock that lets others write; the indexes are made
beside writers. Interrupted, it can be run again.

Revision ID: 0007
Revises: 0006
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHECKS = {
    "ck_tasks_repeat_length": "char_length(repeat) BETWEEN 1 AND 500",
    "ck_tasks_repeat_from_known": "repeat_from IN ('due', 'completion')",
    "ck_tasks_parent_is_another": "parent_id <> id",
}
PARENT = "fk_tasks_user_id_parent_id"
INDEXES = {"parent_id": False, "repeat_of": True}
"""The column behind the owner, and whether it is unique."""

# Beyond the transaction, so for the session: the migration's own limits end with each transaction.
PATIENT = "SET statement_timeout = 0; SET lock_timeout = 0"
AS_BEFORE = "RESET statement_timeout; RESET lock_timeout"


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("repeat", sa.Text()),
        sa.Column("repeat_from", sa.Text(), server_default="due", nullable=False),
        sa.Column("repeat_zone", sa.Text()),
        sa.Column("repeat_of", sa.BigInteger()),
        sa.Column("repeat_wall", sa.DateTime()),
        sa.Column("parent_id", sa.BigInteger()),
        sa.Column("nested_at", sa.BigInteger()),
    ]


def _name(column: str) -> str:
    return f"ix_tasks_user_id_{column}"


def _index(column: str, *, concurrently: bool) -> None:
    op.create_index(
        _name(column),
        "tasks",
        ["user_id", column],
        unique=INDEXES[column],
        postgresql_where=sa.text(f"{column} IS NOT NULL"),
        postgresql_concurrently=concurrently,
    )


def _constraints() -> None:
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(name), "tasks", if_exists=True)
        op.create_check_constraint(op.f(name), "tasks", condition, postgresql_not_valid=True)
    op.drop_constraint(op.f(PARENT), "tasks", if_exists=True)
    op.create_foreign_key(
        op.f(PARENT),
        *("tasks", "tasks", ["user_id", "parent_id"], ["user_id", "id"]),
        postgresql_not_valid=True,
    )


def _validate() -> None:
    for name in (*CHECKS, PARENT):
        op.execute(f"ALTER TABLE tasks VALIDATE CONSTRAINT {name}")


def _beside_writers() -> None:
    with op.get_context().autocommit_block():
        op.execute(PATIENT)
        _validate()
        for column in INDEXES:
            op.drop_index(
                _name(column), table_name="tasks", if_exists=True, postgresql_concurrently=True
            )
            _index(column, concurrently=True)
        op.execute(AS_BEFORE)


def upgrade() -> None:
    for one in _columns():
        op.add_column("tasks", one, if_not_exists=True)
    _constraints()
    if not context.is_offline_mode():
        _beside_writers()
        return
    # Whoever runs the script may run it in one transaction.
    op.execute("-- Writes wait for these indexes. Beside a running service, add CONCURRENTLY.")
    _validate()
    for column in INDEXES:
        _index(column, concurrently=False)


def downgrade() -> None:
    for column in INDEXES:
        op.drop_index(_name(column), table_name="tasks")
    for name in (PARENT, *CHECKS):
        op.drop_constraint(op.f(name), "tasks")
    for one in reversed(_columns()):
        op.drop_column("tasks", one.name)
