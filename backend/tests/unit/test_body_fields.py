"""Which fields a body may have, at any depth: what the error of an unknown one lists."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from backend.api.routing.body_fields import BodyFields


class Create(BaseModel):
    op: Literal["create"]
    title: str
    id: Annotated[Any, Field(json_schema_extra={"readOnly": True})] = None


class Delete(BaseModel):
    op: Literal["delete"]
    revision: int | None = None


class Batch(BaseModel):
    """Operations told apart by their tag, as a batch has them."""

    operations: list[Annotated[Create | Delete, Field(discriminator="op")]]
    note: Create | None = None


@pytest.mark.threat(74)
@pytest.mark.requirement("NFR-29")
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ((), ["operations", "note"]),
        (("operations", 0, "create"), ["op", "title"]),
        (("operations", 3, "delete"), ["op", "revision"]),
        (("operations", 0, "move"), []),
        (("note",), ["op", "title"]),
        (("nothing", 1), []),
    ],
    ids=str,
)
def test_the_fields_that_can_be_written_are_known_at_any_depth(
    path: tuple[int | str, ...], allowed: list[str]
) -> None:
    assert BodyFields(Batch).allowed_at(path) == allowed
