"""Scenario 10, with real processes: service and database are stopped, and the tasks are there."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy.engine import URL

from backend.dev.cluster import Cluster
from backend.tests.support.databases import create_template, url_of
from backend.tests.support.server import running
from backend.tests.support.surfaces import FLAT, PRIMARY


@pytest.mark.requirement("FR-15", "NFR-06")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_tasks_survive_the_end_of_the_service(database: URL, how: signal.Signals) -> None:
    with running(database) as server:
        request = FLAT.create(1, title="kept")
        task = server.client.request(**vars(request)).json()
        server.stop(how)
    with running(database) as server:
        (again,) = server.client.get(PRIMARY.tasks(1)).json()
        assert again | {"url": ""} == task | {"url": ""}


@pytest.mark.requirement("FR-15", "NFR-06")
def test_tasks_survive_the_end_of_the_database() -> None:
    with TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        survive_in(Path(folder) / "cluster")


def survive_in(base: Path) -> None:
    with Cluster(base) as cluster:
        url = url_of(cluster, create_template(cluster))
        with running(url) as server:
            task = server.client.post("/api/1/tasks", json={"title": "kept"}).json()
    with Cluster(base), running(url) as server:
        again = server.client.get(f"/api/1/tasks/{task['id']}").json()
        assert again | {"url": ""} == task | {"url": ""}
