"""Other processes that use an embedded cluster, and what runs on its folder."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import ROOT
from backend.tests.support.waiting import wait_until

OWNER = """
import sys
from backend.dev.postgres.cluster import default_cluster
with default_cluster() as cluster:
    print(cluster.url(), flush=True)
    sys.stdin.read()
"""
TEMPORARY_OWNER = OWNER.replace("default_cluster", "temporary_cluster")


def query(cluster: Cluster, statement: str, *values: str) -> Any:
    """The first value of the first row, if there is one."""
    with closing(psycopg2.connect(cluster.url())) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement, values)
        rows = cursor.fetchall() if cursor.description else []
        return rows[0][0] if rows else None


def started_at(cluster: Cluster) -> Any:
    return query(cluster, "SELECT pg_postmaster_start_time()")


def processes(base: Path) -> list[psutil.Process]:
    """Every process with the folder in its command line: keeper, initdb, pg_ctl, postmaster."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(base) in word for word in process.info["cmdline"] or ())
    ]


def keeper_of(base: Path) -> psutil.Process:
    [keeper] = [
        one for one in processes(base) if "backend.dev.postgres.keeper" in one.info["cmdline"]
    ]
    return keeper


def family(base: Path) -> list[psutil.Process]:
    found = processes(base)
    return found + [child for one in found for child in one.children(recursive=True)]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@contextmanager
def owner(base: Path, script: str = OWNER, **popen: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the cluster; it leaves when its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"DEV_POSTGRES_DIR": str(base)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **popen,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    """What an owner says once its cluster is up."""
    assert process.stdout
    return process.stdout.readline().strip()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that root's server account can enter; in the end nothing runs in it."""
    path = Path(tempfile.mkdtemp(prefix="pg-test-")).resolve()
    path.chmod(0o711)
    try:
        yield path
        with suppress(AssertionError):
            wait_until(lambda: not processes(path))
        left = [process.info["cmdline"] for process in processes(path)]
        assert not left, left
    finally:
        shutil.rmtree(path)
