"""The role that the service's login belongs to: reads and writes rows, owns nothing.

Roles belong to the cluster, not to the database: where this login may not create one, the operator
does (README, "Production"), and on the way down it stays, because another database may use it.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CREATE = """
DO $$ BEGIN
    CREATE ROLE tasks_runtime NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN RAISE NOTICE 'not permitted to create role tasks_runtime';
END $$
"""

IF_THERE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tasks_runtime') THEN
        {statements}
    END IF;
END $$
"""

GRANT = """
        GRANT SELECT, INSERT, UPDATE, DELETE ON tasks, task_lists TO tasks_runtime;
        GRANT USAGE ON SEQUENCE tasks_id_seq TO tasks_runtime;
        GRANT SELECT ON alembic_version TO tasks_runtime;
"""

REVOKE = """
        REVOKE ALL ON tasks, task_lists, alembic_version FROM tasks_runtime;
        REVOKE ALL ON SEQUENCE tasks_id_seq FROM tasks_runtime;
"""


def upgrade() -> None:
    op.execute(CREATE)
    op.execute(IF_THERE.format(statements=GRANT))


def downgrade() -> None:
    op.execute(IF_THERE.format(statements=REVOKE))
