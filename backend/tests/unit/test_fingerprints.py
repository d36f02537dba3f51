"""A key that was used under one release knows its content under the next."""

import json

import pytest

from backend.api.schemas.tasks import TaskContent
from backend.queries.columns import CONTENT
from backend.services.fingerprints import LATER_FIELDS, fingerprint

FIELDS_OF_1_0_0 = {
    *("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order")
}
OF_1_0_0 = [
    ('{"title": "x"}', "303590e4bf39d5b7cdabd7a686cd0c44b630938c15ad77abd1d7a18cb5d6cafb"),
    (
        '{"title": " Größe ", "priority": "high", "due_date": "2026-11-24", "tags": ["a", "b"]}',
        "714c841bfc4fe550fcedeb4351427bee3681d10d1df410f48fec89c9524d8466",
    ),
    (
        '{"title": "x", "due_at": "2026-11-24T23:59:59.5+05:45", "order": 7, "completed": true}',
        "36e001085d33a46e2b1cdb7498e21570c949e322d7c96c90970c96608e3ce008",
    ),
]
"""Bodies, and the fingerprints that 1.0.0 stored for them."""


@pytest.mark.requirement("FR-18")
@pytest.mark.parametrize(("body", "stored"), OF_1_0_0)
def test_what_an_earlier_release_stored_still_matches(body: str, stored: str) -> None:
    values = TaskContent.model_validate(json.loads(body)).model_dump()
    assert fingerprint(values) == stored
    later = {**LATER_FIELDS, "estimate": None}
    assert fingerprint({**values, "estimate": None}, later) == stored
    assert fingerprint({**values, "estimate": 5}, later) != stored


@pytest.mark.requirement("FR-18")
def test_each_field_that_came_later_has_a_default_here() -> None:
    assert set(CONTENT) == FIELDS_OF_1_0_0 | LATER_FIELDS.keys()
