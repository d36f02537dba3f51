"""A PostgreSQL of its own and the real server process in front of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg2
from sqlalchemy.engine import URL

from backend.dev.launcher import LIMITS
from backend.dev.postgres.cluster import Cluster, temporary_cluster
from backend.dev.postgres.server import Server as Postgres
from backend.tests.chaos.cutter import Cutter
from backend.tests.support.databases import as_service, create_template, url_of
from backend.tests.support.line import Line
from backend.tests.support.proxy import proxied
from backend.tests.support.server import Server, running

SETTINGS = {**LIMITS, "synchronous_commit": "on"}
"""As for `make run`, and a commit waits for its WAL: in a throwaway cluster it does not."""


@dataclass(frozen=True)
class World:
    """What the faults happen to."""

    cluster: Cluster
    database: URL
    service: Server
    line: Line | None = None
    """Between the two, if it is to go dead."""

    @property
    def postgres(self) -> Postgres:
        return self.cluster._server

    def ctl(self, *arguments: str | Path) -> None:
        """Run pg_ctl as the server's own account; it waits until that is done."""
        self.postgres._run("pg_ctl", *arguments, "-s", "-D", self.postgres.data)

    def family(self) -> list[psutil.Process]:
        """The postmaster and its children. Each backend leads a group of its own."""
        masters = self.postgres.processes()
        return masters + [child for one in masters for child in one.children(recursive=True)]

    @contextmanager
    def below(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """Statements on a connection of our own, past the service; each commits."""
        address = self.database.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg2.connect(address)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()

            def execute(statement: str, *values: object) -> list[tuple[Any, ...]]:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []

            yield execute


def create_database(cluster: Cluster) -> URL:
    """A migrated database with the limits that the README asks for."""
    name = create_template(cluster)
    cluster.create_database(name, SETTINGS)
    return url_of(cluster, name)


@contextmanager
def world(**settings: str) -> Iterator[World]:
    """A new one, gone at the end."""
    with temporary_cluster() as cluster:
        url = create_database(cluster)
        with running(url, LOG_LEVEL="error", **settings) as service:
            yield World(cluster, url, service)


@contextmanager
def world_behind_a_line(**settings: str) -> Iterator[World]:
    """A new one, whose service finds its database through a line that can go dead."""
    with ExitStack() as stack:
        cluster = stack.enter_context(temporary_cluster())
        url = create_database(cluster)
        # A socket's path must be short.
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/tmp")))
        through, line = stack.enter_context(proxied(as_service(url), folder, Line))
        service = stack.enter_context(running(through, LOG_LEVEL="error", **settings))
        yield World(cluster, url, service, line)


@contextmanager
def cut_off(url: URL, **settings: str) -> Iterator[tuple[Server, Cutter]]:
    """One more service, whose only connection to the database leads through a cutter."""
    with ExitStack() as stack:
        # A socket's path must be short.
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/tmp")))
        through, cutter = stack.enter_context(proxied(url, folder, Cutter))
        server = running(through, LOG_LEVEL="error", POOL_SIZE="1", **settings)
        yield stack.enter_context(server), cutter
