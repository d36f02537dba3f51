"""The field names of a body, from its schema: error messages repeat no other names."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter

Schema = dict[str, Any]


class BodyFields:
    """The fields of one type of body."""

    def __init__(self, annotation: Any) -> None:
        schema = TypeAdapter(annotation).json_schema()
        self._definitions: dict[str, Schema] = schema.get("$defs", {})
        self._root = schema
        self.names = frozenset(_property_names(schema))
        """All names at any depth."""

    def allowed_at(self, path: Sequence[int | str]) -> list[str]:
        """The writable fields at this path below `body`."""
        here = self._alternatives(self._root)
        for part in path:
            here = [deeper for schema in here for deeper in self._step(schema, part)]
        fields = [field for schema in here for field in schema.get("properties", {}).items()]
        return list(dict.fromkeys(name for name, schema in fields if not schema.get("readOnly")))

    def place_of(self, path: Sequence[int | str]) -> list[int | str]:
        """The path without the tags of unions, which do not occur in the body itself."""
        here, place = self._alternatives(self._root), []
        for part in path:
            if not any(part in _tags(schema) for schema in here):
                place.append(part)
            here = [deeper for schema in here for deeper in self._step(schema, part)]
        return place

    def tags_at(self, path: Sequence[int | str]) -> list[str]:
        """The tags of the union at this path."""
        here = self._alternatives(self._root)
        for part in path:
            here = [deeper for schema in here for deeper in self._step(schema, part)]
        return [tag for schema in here for tag in _tags(schema)]

    def _alternatives(self, schema: Schema) -> list[Schema]:
        """The schemas that a value may match, with references and unions resolved."""
        if "$ref" in schema:
            return self._alternatives(self._definition(schema["$ref"]))
        parts = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
        if "oneOf" in schema and "discriminator" in schema:
            return [schema]  # a step by its tag leads on
        parts += schema.get("oneOf", ())
        return [schema, *(each for part in parts for each in self._alternatives(part))]

    def _step(self, schema: Schema, part: int | str) -> list[Schema]:
        if isinstance(part, int):
            deeper = schema.get("items")
        elif tags := _tags(schema):
            deeper = {"$ref": tags[part]} if part in tags else None
        else:
            deeper = schema.get("properties", {}).get(part)
        return self._alternatives(deeper) if deeper else []

    def _definition(self, reference: str) -> Schema:
        return self._definitions[reference.removeprefix("#/$defs/")]


@cache
def body_fields_of(annotation: Any) -> BodyFields:
    """The fields of this type of body, computed once for both surfaces."""
    return BodyFields(annotation)


def _tags(schema: Schema) -> dict[str, str]:
    """The tags of a discriminated union, each with the reference to its schema."""
    found: dict[str, str] = schema.get("discriminator", {}).get("mapping", {})
    return found


def _property_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _property_names(part)
