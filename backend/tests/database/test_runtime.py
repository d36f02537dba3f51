"""The pool of the runtime, and its end."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.runtime import make_runtime
from backend.tests.support.databases import settings_for


@pytest.mark.requirement("NFR-19")
def test_dispose_closes_the_connections_of_the_pool(shared_database: URL) -> None:
    runtime = make_runtime(settings_for(shared_database))
    with runtime.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
    assert driver is not None
    assert not driver.closed
    runtime.dispose()
    assert driver.closed


@pytest.mark.requirement("NFR-19")
def test_the_end_of_the_application_disposes_of_its_runtime(shared_database: URL) -> None:
    app = create_app(settings_for(shared_database))
    with TestClient(app) as client:
        assert client.get("/api/1/tasks").is_success
        with app.state.runtime.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
    assert driver.closed
