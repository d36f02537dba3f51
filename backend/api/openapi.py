"""The OpenAPI document, without the framework's words on answers that are never given."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

TAGS = [
    {
        "name": "primary",
        "description": "The owner is in the path. **Trusted, not verified**: there is no "
        "authentication in this phase.",
    },
    {
        "name": "flat",
        "description": "The same operations; the owner is the `user_id` of the query or, in POST, "
        "of the body.",
    },
    {"name": "health", "description": "For load balancers and people on call."},
]


def operation_id(route: APIRoute) -> str:
    """`primary_read_task`: short names for generated clients."""
    return f"{route.tags[0]}_{route.name.replace('_owned', '')}"


def _correct(operation: dict[str, Any]) -> None:
    """Invalid requests are 400 here, and errors are problem+json."""
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        if schema.get("type") == "string" and not isinstance(schema.get("default"), str):
            schema.pop("default", None)  # the parsed form, which nobody can send
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for status, answer in answers.items():
        if status >= "400" and "application/json" in answer.get("content", {}):
            answer["content"] = {"application/problem+json": answer["content"]["application/json"]}


def describe(app: FastAPI) -> None:
    """Make the application hand out the corrected document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            for path in document["paths"].values():
                for operation in path.values():
                    _correct(operation)
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
        return build()

    app.openapi = openapi  # type: ignore[method-assign]
