"""The destination of a move."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from backend.api.schemas.fields import StrictTaskId


class Destination(BaseModel):
    """The task before or after which it goes: exactly one of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"before": 7}, {"after": 7}],
            "oneOf": [{"required": ["before"]}, {"required": ["after"]}],
        },
    )

    before: StrictTaskId = Field(default_factory=int)
    after: StrictTaskId = Field(default_factory=int)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("destination", "must have either before or after")
        return self
