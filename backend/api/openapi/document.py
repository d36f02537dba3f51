"""The OpenAPI document, without the framework's words on answers that are never given."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.api.schemas.fields import A_WORD
from backend.api.schemas.tasks import EXAMPLE
from backend.models.task import MAX_ID

DESCRIPTION = (
    "Tasks on two surfaces over one service. There is **no authentication in this phase**: "
    "whoever names a user acts for that user."
)
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


BULK = ("_delete_tasks", "_restore_tasks")
"""Operations on whatever matches."""


def operation_id(route: APIRoute) -> str:
    """`primary_read_task`: short names for generated clients."""
    return f"{route.tags[0]}_{route.name.replace('_owned', '')}"


def _correct(operation: dict[str, Any]) -> None:
    """Invalid requests are 400 here, and errors are problem+json."""
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        _without_null(schema)
        if parameter["name"] == "q" and operation["operationId"].endswith(BULK):
            schema["pattern"] = A_WORD  # an empty search box must not mean everything
        if schema.get("type") == "string" and not isinstance(schema.get("default"), str):
            schema.pop("default", None)  # the parsed form, which nobody can send
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _without_null(content["schema"])  # a body that is left out is not `null`
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for status, answer in answers.items():
        if status >= "400" and "application/json" in answer.get("content", {}):
            answer["content"] = {"application/problem+json": answer["content"]["application/json"]}


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter can be left out, but nobody can send null in a URL or a header."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _exact(schema: Any) -> None:
    """Give the 64-bit bounds back that the framework rounded to floats, one beyond the last."""
    if isinstance(schema, dict):
        for name, bound in (("maximum", MAX_ID), ("minimum", -MAX_ID - 1)):
            if schema.get(name) == float(bound):
                schema[name] = bound
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            _exact(part)


def describe(app: FastAPI) -> None:
    """Make the application hand out the corrected document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            for path in document["paths"].values():
                for operation in path.values():
                    _correct(operation)
            _exact(document["components"]["schemas"])
            document["components"]["schemas"]["TaskRead"]["examples"] = [EXAMPLE]  # with its nulls
            for unused in ("HTTPValidationError", "ValidationError", "EntityTags"):
                document["components"]["schemas"].pop(unused, None)
        return build()

    app.openapi = openapi  # type: ignore[method-assign]
