"""The one shape of all errors (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from backend.errors import AppError


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


def problem_of(error: AppError, request_id: str) -> dict[str, Any]:
    """An error as its members; `instance` is opaque: equal errors must not differ by address."""
    places = [Place(**vars(place)) for place in error.errors] or None
    problem = Problem(
        type=f"urn:tasks:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail=str(error),
        instance=f"urn:tasks:request:{request_id}",
        code=error.code,
        request_id=request_id,
        errors=places,
    )
    return problem.model_dump(exclude_none=True)
