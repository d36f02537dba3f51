"""The feed of changes: tasks by revision; and the answers that an idempotency key keeps.

The indexes are made without stopping writes. One that was left unfinished is dropped and made anew.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_tasks_user_id_revision_live": "deleted_at IS NULL",
    "ix_tasks_user_id_revision_trash": "deleted_at IS NOT NULL",
}
# Beyond the transaction, so for the session: the migration's own limits end with each transaction.
PATIENT = "SET statement_timeout = 0; SET lock_timeout = 0"
AS_BEFORE = "RESET statement_timeout; RESET lock_timeout"


def _index(name: str, *, concurrently: bool) -> None:
    op.create_index(
        name,
        "tasks",
        ["user_id", "revision"],
        postgresql_where=sa.text(INDEXES[name]),
        postgresql_concurrently=concurrently,
    )


def _index_beside_writers() -> None:
    with op.get_context().autocommit_block():
        op.execute(PATIENT)
        for name in INDEXES:
            op.drop_index(name, table_name="tasks", if_exists=True, postgresql_concurrently=True)
            _index(name, concurrently=True)
        op.execute(AS_BEFORE)


def upgrade() -> None:
    if context.is_offline_mode():  # whoever runs the script may run it in one transaction
        op.execute("-- Writes wait for these two. Beside a running service, add CONCURRENTLY.")
        for name in INDEXES:
            _index(name, concurrently=False)
    else:
        _index_beside_writers()
    op.add_column("idempotency_keys", sa.Column("answer", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("idempotency_keys", "answer")
    for name in INDEXES:
        op.drop_index(name, table_name="tasks")
