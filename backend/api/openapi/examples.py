"""Examples in the document, for every field, parameter, body and response."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from backend.api.schemas.tasks import EXAMPLE

OF_FIELDS: dict[str, Any] = {
    **EXAMPLE,
    "description": "Two litres, with the blue cap",
    "completed_at": "2026-11-22T18:00:00.000000Z",
    "due_date": "2026-11-24",
    "due_at": "2026-11-24T16:30:00.000000Z",
    "tags": ["home"],
    "order": 1024,
    "deleted": True,
    "task": EXAMPLE,
    "errors": [{"loc": "body.title", "message": "Field required", "code": "missing"}],
}
"""By name, where the example of the whole says null or leaves the field out."""

OF_PARAMETERS: dict[str, Any] = {
    "user_id": 1,
    "id": 12,
    "time_zone": "Europe/Berlin",
    "format": "json",
    "q": "milk",
    "limit": 50,
    "parent": "none",
    "completed": False,
    "overdue": True,
    "untagged": True,
    "deleted": False,
    "count": True,
    "priority": ["high"],
    "tag": ["home"],
    "without_tag": ["later"],
    "sort": "due,-priority",
    "due_from": "2026-11-23",
    "due_to": "2026-11-29",
    "dry_run": True,
    "updated_since": "2026-11-21T07:45:33.258970Z",
    "completed_since": "2026-11-21T00:00:00Z",
    "since": 40,
    "began": 40,
    "cursor": "WyJjcmVhdGVkX2F0Il0",
    "Last-Event-ID": 40,
    "If-Match": '"40"',
    "If-None-Match": '"40"',
    "Idempotency-Key": "b7c1f0aa-create-milk",
}


def _models(model: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for below in model.__subclasses__():
        if below.__module__.startswith("backend.api."):
            yield below
        yield from _models(below)


def of_models() -> dict[str, list[Any]]:
    """The examples of each schema, with the nulls that the framework drops."""
    found = {}
    for model in _models():
        extra: Any = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "examples" in extra:
            found[model.__name__] = extra["examples"]
    return found


def fill_schema(name: str, schema: dict[str, Any], whole: dict[str, list[Any]]) -> None:
    """Give a schema its examples, and each of its fields one."""
    if name in whole:
        schema["examples"] = whole[name]
    if "enum" in schema:
        schema["examples"] = [schema["enum"][-1]]
    given = [one for one in schema.get("examples", ()) if isinstance(one, dict)]
    for field, described in schema.get("properties", {}).items():
        values = [one[field] for one in given if one.get(field) not in (None, [])]
        if not values and field in OF_FIELDS:
            values = [OF_FIELDS[field]]
        if "const" in described:
            values = [described["const"]]
        if values:
            described.setdefault("examples", values[:1])


def example_of(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """An example of a body or response of this schema, or None."""
    if "$ref" in schema:
        [example, *_] = components[schema["$ref"].rpartition("/")[2]].get("examples", [None])
        return example
    if schema.get("type") == "array":
        return [example_of(schema["items"], components)]
    for kind in schema.get("anyOf", ()):
        return example_of(kind, components)
    return None
