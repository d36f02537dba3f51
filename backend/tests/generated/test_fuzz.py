"""A small part of `make fuzz`, the same each time: valid and invalid requests by the document."""

import pytest

from backend.tests.support.fuzz import fuzz
from backend.tests.support.server import Server

pytestmark = pytest.mark.untraced

OPERATIONS = (
    *("flat_create_task", "flat_read_task"),
    *("primary_complete_task", "primary_delete_task"),
)


@pytest.mark.requirement("FR-13", "NFR-11")
def test_the_server_keeps_what_the_document_promises_whatever_is_sent(server: Server) -> None:
    chosen = [f"--include-operation-id={name}" for name in OPERATIONS]
    outcome = fuzz(server, 20261122, "--max-examples=3", *chosen)
    assert (outcome.status, outcome.failures) == (0, 0)
    assert outcome.cases >= 200
