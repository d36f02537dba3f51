-- The login of the service, its rights and its limits. As an administrator, after the first migration:
--   psql "$MIGRATION_DATABASE_URL" --set password='…' --file ops/login.sql
-- It may be run again: then it sets the password anew, and all else as it stands here.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE tasks_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tasks_app') \gexec
ALTER ROLE tasks_app PASSWORD :'password';
GRANT tasks_runtime TO tasks_app;
ALTER ROLE tasks_app SET statement_timeout = '3s';
ALTER ROLE tasks_app SET lock_timeout = '1s';
ALTER ROLE tasks_app SET idle_in_transaction_session_timeout = '5s';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
