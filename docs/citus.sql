-- The tables of the service on Citus, distributed by owner: once, as their owner, on the coordinator, after the first
-- `alembic upgrade head` there and before the service writes. Then rows may be copied in. docs/scaling.md says more.
--   psql "$MIGRATION_DATABASE_URL" --set ON_ERROR_STOP=1 --file docs/citus.sql
-- Every key begins with user_id, ids are bigint identities, and nothing refers to another owner: Citus takes it as is.
CREATE EXTENSION IF NOT EXISTS citus;
SELECT create_distributed_table('task_lists', 'user_id');
SELECT create_distributed_table('tasks', 'user_id', colocate_with => 'task_lists');
SELECT create_distributed_table('idempotency_keys', 'user_id', colocate_with => 'task_lists');
-- Three rows with one colocation_id:
SELECT table_name, distribution_column, colocation_id FROM citus_tables ORDER BY table_name;
