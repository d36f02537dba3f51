"""Corrects the framework's document where the service behaves differently."""

from typing import Any

from backend.api.openapi.examples import OF_PARAMETERS, example_of, fill_schema, of_models
from backend.api.schemas.fields import A_WORD
from backend.api.schemas.problems import Problem
from backend.models.task import MAX_ID

_BULK = ("deleteTasks", "restoreTasks", "deleteTasksFlat", "restoreTasksFlat")
"""Operations on whatever matches."""

_SUCCESS = {"200": "Done.", "201": "Created.", "204": "Done; there is nothing to tell."}
_NEVER_GIVEN = ("HTTPValidationError", "ValidationError", "EntityTags")


def correct(document: dict[str, Any]) -> None:
    """Correct the whole document in place."""
    schemas = document["components"]["schemas"]
    for unused in _NEVER_GIVEN:
        schemas.pop(unused, None)
    _add_problem(schemas)
    whole = of_models()
    for name, schema in schemas.items():
        _without_defaults(schema)
        fill_schema(name, schema, whole)
    _exact(schemas)
    for path in document["paths"].values():
        for operation in path.values():
            _correct_operation(operation, schemas)


def _add_problem(schemas: dict[str, Any]) -> None:
    """Define what errors refer to, among the schemas by name."""
    problem = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    schemas.update(problem.pop("$defs"), Problem=problem)
    for name in sorted(schemas):
        schemas[name] = schemas.pop(name)


def _correct_operation(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Invalid requests are 400 here, and errors are problem+json."""
    operation["summary"] = operation["description"].partition(". ")[0].rstrip(".")
    for parameter in operation.get("parameters", ()):
        _correct_parameter(parameter, operation["operationId"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _without_null(content["schema"])  # a body that is left out is not `null`
        _show(content, schemas)
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for status, answer in answers.items():
        if answer["description"] == "Successful Response":
            answer["description"] = _SUCCESS[status]
        content = answer.get("content", {})
        content.get("text/event-stream", {}).pop("itemSchema", None)  # OpenAPI 3.2, this is 3.1
        if "application/json" in content:
            _show(content["application/json"], schemas)


def _show(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add an example, unless there is one."""
    example = example_of(content["schema"], schemas)
    if example is not None and not content.keys() & {"example", "examples"}:
        content["example"] = example


def _correct_parameter(parameter: dict[str, Any], operation: str) -> None:
    schema, name = parameter["schema"], parameter["name"]
    _without_null(schema)
    if name == "q" and operation in _BULK:
        schema["pattern"] = A_WORD  # an empty search box must not mean everything
    default = schema.get("default")
    if default == [] or (schema.get("type") == "string" and not isinstance(default, str)):
        schema.pop("default", None)  # the parsed form, which nobody can send
    if name in OF_PARAMETERS:
        # Swagger UI sends what stands beside the schema: it must not be a condition or a filter.
        schema["examples"] = [OF_PARAMETERS[name]]
        if parameter["required"]:
            parameter["example"] = OF_PARAMETERS[name]
    if "description" in schema:
        parameter.setdefault("description", schema["description"])


def _without_null(schema: dict[str, Any]) -> None:
    """Drop null: a parameter can be left out, but a URL or a header cannot carry null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _without_defaults(schema: dict[str, Any]) -> None:
    """State defaults in words: generators take a field with a default for always present."""
    for field in schema.get("properties", {}).values():
        default = field.pop("default", None)
        if default is not None:
            said = f"Without it, `{default!r}`.".replace("'", '"').replace("False", "false")
            field["description"] = f"{field.get('description', '')} {said}".strip()


def _exact(schema: Any) -> None:
    """Restore the 64-bit bounds that the framework rounded to floats."""
    if isinstance(schema, dict):
        for name, bound in (("maximum", MAX_ID), ("minimum", -MAX_ID - 1)):
            if schema.get(name) == float(bound):
                schema[name] = bound
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            _exact(part)
