"""Operators' commands as processes of their own, on databases of any kind."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import ROOT, administer, url_of
from backend.tests.support.forks import run
from backend.tests.support.server import environment

Done = subprocess.CompletedProcess[str]
_numbers = count(1)


def command(module: str, *arguments: str, url: URL, **settings: str) -> Done:
    """`python -m module arguments`, away from any `.env`."""
    config = ("-c", str(ROOT / "alembic.ini")) if module == "alembic" else ()
    return run(module, *config, *arguments, env=environment(url, **settings))


@contextmanager
def python(
    *arguments: str, env: Mapping[str, str], cwd: Path | str = "/"
) -> Iterator[subprocess.Popen[str]]:
    """A Python process, killed in the end if it still runs; its output can be read."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def execute(url: URL, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """The rows of one statement, in a transaction of its own."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(statement, parameters or None)
        return [tuple(row) for row in result] if result.returns_rows else []


@contextmanager
def database_with(cluster: Cluster, options: str) -> Iterator[URL]:
    """A new database without tables, made with these options."""
    name = f"odd_{next(_numbers)}"
    administer(cluster, f'CREATE DATABASE "{name}" TEMPLATE template0 {options}')
    try:
        yield url_of(cluster, name)
    finally:
        administer(cluster, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def login(cluster: Cluster, options: str = "") -> Iterator[str]:
    """A login of the cluster, which may not make roles; what it owns goes with its database."""
    name = f"login_{next(_numbers)}"
    administer(cluster, f'CREATE ROLE "{name}" LOGIN {options}')
    try:
        yield name
    finally:
        administer(cluster, f'DROP ROLE "{name}"')
