"""Search, agenda, trash, idempotency keys, and the horizon of the purge.

Revision ID: 0003
Revises: 0002
"""

import unicodedata

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BATCH = 1000
DUE = "coalesce(due_at, (due_date::timestamp AT TIME ZONE 'UTC'), 'infinity'::timestamptz)"
LIVE = sa.text("deleted_at IS NULL")
GRANT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tasks_runtime') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO tasks_runtime;
    END IF;
END $$
"""


def _fold(text: str | None) -> str:
    """As `services/search.py` did when this was written."""
    folded = unicodedata.normalize("NFC", text or "").casefold()
    return unicodedata.normalize("NFC", folded)


def _fold_what_is_there() -> None:
    """Row by row in Python, in bounded batches, because no SQL folds alike everywhere."""
    connection = op.get_bind()
    read = sa.text(
        "SELECT user_id, id, title, description FROM tasks "
        "WHERE (user_id, id) > (:user_id, :id) ORDER BY user_id, id LIMIT :batch"
    )
    write = sa.text(
        "UPDATE tasks SET title_folded = :title, description_folded = :description "
        "WHERE user_id = :user_id AND id = :id"
    )
    last = {"user_id": 0, "id": 0}
    while rows := connection.execute(read, {**last, "batch": BATCH}).all():
        folded = [
            {"user_id": u, "id": i, "title": _fold(title), "description": _fold(description)}
            for u, i, title, description in rows
        ]
        connection.execute(write, folded)
        last = {"user_id": rows[-1].user_id, "id": rows[-1].id}


def upgrade() -> None:
    for column in ("title_folded", "description_folded"):
        op.add_column("tasks", sa.Column(column, sa.Text(), server_default="", nullable=False))
    horizon = sa.Column("horizon", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("task_lists", horizon)
    op.create_index(
        "ix_tasks_user_id_due_id",
        "tasks",
        ["user_id", sa.text(DUE), "id"],
        postgresql_where=LIVE,
    )
    op.create_index(
        "ix_tasks_user_id_deleted_at_id",
        "tasks",
        ["user_id", "deleted_at", "id"],
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.execute(GRANT)
    if not context.is_offline_mode():
        _fold_what_is_there()


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.drop_index("ix_tasks_user_id_deleted_at_id", table_name="tasks")
    op.drop_index("ix_tasks_user_id_due_id", table_name="tasks")
    op.drop_column("task_lists", "horizon")
    op.drop_column("tasks", "description_folded")
    op.drop_column("tasks", "title_folded")
