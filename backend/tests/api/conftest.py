"""A real server on which many requests meet."""

from collections.abc import Iterator

import pytest

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.arena import Arena
from backend.tests.support.databases import cloned
from backend.tests.support.server import running


@pytest.fixture(scope="session")
def arena(cluster: Cluster, template: str) -> Iterator[Arena]:
    """A real server with places for twenty requests of one owner."""
    with cloned(cluster, template) as url, running(url, LOG_LEVEL="error", POOL_SIZE="20") as run:
        yield Arena(run.client, url)
