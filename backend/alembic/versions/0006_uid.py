"""What names a task in the files that it is imported from, once for an owner.

The index is made without stopping writes. One that was left unfinished is dropped and made anew.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX = "ix_tasks_user_id_uid"
# Beyond the transaction, so for the session: the migration's own limits end with each transaction.
PATIENT = "SET statement_timeout = 0; SET lock_timeout = 0"
AS_BEFORE = "RESET statement_timeout; RESET lock_timeout"


def _index(*, concurrently: bool) -> None:
    op.create_index(
        INDEX,
        "tasks",
        ["user_id", "uid"],
        unique=True,
        postgresql_where=sa.text("uid IS NOT NULL"),
        postgresql_concurrently=concurrently,
    )


def upgrade() -> None:
    op.add_column("tasks", sa.Column("uid", sa.Text(), nullable=True), if_not_exists=True)
    if context.is_offline_mode():  # whoever runs the script may run it in one transaction
        op.execute("-- Writes wait for this one. Beside a running service, add CONCURRENTLY.")
        _index(concurrently=False)
        return
    with op.get_context().autocommit_block():
        op.execute(PATIENT)
        op.drop_index(INDEX, table_name="tasks", if_exists=True, postgresql_concurrently=True)
        _index(concurrently=True)
        op.execute(AS_BEFORE)


def downgrade() -> None:
    op.drop_index(INDEX, table_name="tasks")
    op.drop_column("tasks", "uid")
