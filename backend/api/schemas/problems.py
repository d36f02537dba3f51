"""The shape of every error (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from backend.errors import AppError, Forbidden, Unavailable


def _codes(error: type[AppError] = AppError) -> list[str]:
    """The codes that responses can have; this phase forbids nobody anything."""
    below = [code for one in error.__subclasses__() for code in _codes(one)]
    own = [] if error in (Forbidden, Unavailable) else [error.code]
    return list(dict.fromkeys([*own, *below]))


_URI: dict[str, Any] = {"format": "uri"}


class Place(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"loc": "body.title", "message": "Field required", "code": "missing"}]
        }
    )

    loc: str = Field(description="Where: `body.title`, `query.sort`, `header.If-Match`.")
    message: str = Field(description="What is wrong, for people.")
    code: str = Field(description="What is wrong, for programs; new ones may come.")


class Problem(BaseModel):
    """An error. `code` is stable; `errors` is there for invalid requests only."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:tasks:problem:validation_error",
                    "title": "Invalid request",
                    "status": 400,
                    "detail": "The request is not valid; `errors` names each place.",
                    "instance": "urn:tasks:request:5f0c9d0e-8a35-4f7c-9a2e-0d8a0d7a6b61",
                    "code": "validation_error",
                    "request_id": "5f0c9d0e-8a35-4f7c-9a2e-0d8a0d7a6b61",
                    "errors": [
                        {"loc": "body.title", "message": "Field required", "code": "missing"}
                    ],
                }
            ]
        }
    )

    type: str = Field(description="The code as a URN.", json_schema_extra=_URI)
    title: str = Field(description="The kind of error, for people.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="What is wrong, and what would be right, for people.")
    instance: str = Field(description="This occurrence, as a URN.", json_schema_extra=_URI)
    code: str = Field(
        description="The kind of error, for programs. A later release may add others.",
        json_schema_extra={"enum": [*_codes()]},
    )
    request_id: str = Field(description="As in `X-Request-ID` and in the service's log.")
    errors: list[Place] = Field([], description="Each place; for invalid requests only.")
