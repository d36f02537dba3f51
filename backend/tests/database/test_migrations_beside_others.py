"""Migrations in a database that others use too: their tables are left out of every comparison."""

import pytest
from alembic import command as alembic_command
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.commands import command, database_with, execute
from backend.tests.support.databases import alembic_config, settings_for

pytestmark = pytest.mark.slow

OTHERS = "CREATE TABLE invoices (id int PRIMARY KEY); CREATE INDEX odd ON invoices (id)"


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(80)
def test_other_tables_are_not_compared_with_ours(fresh_database: URL) -> None:
    execute(fresh_database, OTHERS)
    alembic_command.check(alembic_config(fresh_database))
    execute(fresh_database, "CREATE INDEX extra ON tasks (user_id)")
    with pytest.raises(Exception, match="extra"):  # what is ours is compared as before
        alembic_command.check(alembic_config(fresh_database))


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(80)
@pytest.mark.parametrize("path", ["app", '"App v2", public'])
def test_a_schema_other_than_public_holds_everything(
    cluster: Cluster, template: str, path: str
) -> None:
    """The schema of the migrator's search_path, which the service's login has too."""
    schema = path.partition(",")[0]
    with database_with(cluster, "ENCODING 'UTF8'") as url:
        execute(url, f"CREATE SCHEMA {schema}; {OTHERS}; REVOKE ALL ON SCHEMA public FROM public")
        execute(url, f'ALTER DATABASE "{url.database}" SET search_path = {path}')
        done = command("alembic", "upgrade", "head", url=url)
        assert done.returncode == 0, done.stderr
        alembic_command.check(alembic_config(url))
        where = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name IN "
        found = execute(url, where + "('tasks', 'task_lists', 'alembic_version')")
        assert found == [(schema.strip('"'),)]
        with TestClient(create_app(settings_for(url))) as client:
            assert client.post("/api/1/tasks", json={"title": "x"}).status_code == 201
        alembic_command.downgrade(alembic_config(url), "base")
