"""Scenario 10, with real processes: service and database are stopped, and the tasks are there."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.databases import create_template, url_of
from backend.tests.support.server import running
from backend.tests.support.surfaces import FLAT, PRIMARY

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.mark.requirement("FR-15", "NFR-06")
def test_tasks_survive_every_end_of_the_service_and_of_the_database() -> None:
    with TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        written: list[Any] = []
        for how in ENDS:
            written.append(write_and_end(Path(folder) / "cluster", written, how))


def write_and_end(base: Path, written: list[Any], how: signal.Signals) -> Any:
    """One life of a database and its service, which finds what the lives before it wrote."""
    with Cluster(base) as cluster:
        url = url_of(cluster, "template_tasks" if written else create_template(cluster))
        with running(url, PUBLIC_URL="http://tasks") as server:
            assert Api(server.client, PRIMARY).list().json() == written
            task = Api(server.client, FLAT).made(title=how.name)
            server.stop(how)
    return task
