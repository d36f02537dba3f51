"""The one shape of all errors (RFC 9457)."""

from pydantic import BaseModel, ConfigDict


class Place(BaseModel):
    """One thing that is wrong with a request."""

    loc: str
    message: str
    code: str


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

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[Place] | None = None
