"""The embedded PostgreSQL, durable as in production, with 200,000 tasks of 1,000 owners."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg2
from alembic import command
from psycopg2.extensions import make_dsn
from sqlalchemy.engine import URL

from backend.dev.postgres.account import is_root
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import alembic_config, url_of

OWNERS, TASKS = 1_000, 200_000
_numbers = itertools.count()

# The owners take turns, so that the tasks of one lie scattered, as they do in life.
FILL = """
INSERT INTO task_lists (user_id, revision, changed_at)
SELECT owner, %(tasks)s / %(owners)s, now() FROM generate_series(1, %(owners)s) AS owner;

INSERT INTO tasks (user_id, id, title, title_folded, description, description_folded, completed,
    completed_at, priority, due_date, tags, revision, created_at, updated_at)
SELECT (n - 1) %% %(owners)s + 1, n, 'Task ' || n, 'task ' || n, text, coalesce(text, ''), done,
    CASE WHEN done THEN at END, nth %% 4, CASE WHEN nth %% 3 = 0 THEN at::date + 30 END,
    CASE WHEN nth %% 2 = 0 THEN '{home,shop}'::text[] ELSE '{}' END, nth, at, at
FROM generate_series(1, %(tasks)s) AS n,
    LATERAL (SELECT (n - 1) / %(owners)s + 1) AS of_owner (nth),
    LATERAL (SELECT nth %% 5 = 0, timestamptz '2026-01-01' + n * interval '1 minute',
        CASE WHEN nth %% 2 = 0 THEN repeat('some words ', 8) END) AS made (done, at, text);

SELECT setval('tasks_id_seq', %(tasks)s)
"""


class Database:
    """The database of all services: migrated, filled, analysed."""

    def __init__(self, cluster: Cluster, owners: int = OWNERS, tasks: int = TASKS) -> None:
        self.owners, self.tasks = owners, tasks
        self.name = f"bench_{next(_numbers)}"  # several may have the same size
        cluster.create_database(self.name)
        self.url: URL = url_of(cluster, self.name)
        command.upgrade(alembic_config(self.url), "head")
        self.execute(FILL, {"tasks": tasks, "owners": owners})
        self.execute("VACUUM (ANALYZE) tasks, task_lists")

    @property
    def socket_folder(self) -> str:
        return str(self.url.query["host"])

    def execute(self, statement: str, values: dict[str, int] | None = None) -> str:
        """Execute; returns the first value of the result, if there is one."""
        with closing(psycopg2.connect(make_dsn(**self.libpq()))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
            return str(rows[0][0]) if rows else ""

    def libpq(self) -> dict[str, str]:
        port = str(self.url.query["port"])
        return {"dbname": self.name, "user": "postgres", "host": self.socket_folder, "port": port}

    def processes(self) -> list[psutil.Process]:
        """The server and its children."""
        pid = self.execute("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)")
        server = psutil.Process(int(pid))
        return [server, *server.children(recursive=True)]


def environment(database: Database, socket_folder: str) -> dict[str, str]:
    """The service reads a URL, the drivers of its peers libpq's variables."""
    url = database.url.set(drivername="postgresql")
    url = url.update_query_dict({"host": socket_folder})
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "host": "PGHOST", "port": "PGPORT"}
    libpq = {names[key]: value for key, value in database.libpq().items()}
    return {**os.environ, **libpq, "PGHOST": socket_folder, "DATABASE_URL": str(url)}


@contextmanager
def durable_cluster() -> Iterator[Cluster]:
    """A cluster of its own, deleted at the end."""
    base = Path(tempfile.mkdtemp(prefix="pg-bench-"))
    if is_root():
        base.chmod(0o711)  # `nobody` must get through
    try:
        with Cluster(base) as cluster:
            yield cluster
    finally:
        shutil.rmtree(base, ignore_errors=True)
