"""A walk through the whole document: everything has a name, a type and an example that fits."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from backend.dev.openapi import built
from backend.errors import AppError

pytestmark = pytest.mark.requirement("FR-61")

FLAT = "/api/v1/"


@cache
def document() -> dict[str, Any]:
    """Built once, and not before a test asks: it takes a second of every worker."""
    return built()


def schemas() -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"]
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def by_name() -> dict[str, dict[str, Any]]:
    return {operation["operationId"]: operation for _, _, operation in operations()}


@cache
def validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": document()["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is of a schema of the document."""
    return bool(validator(json.dumps(schema)).is_valid(value))


def examples(content: dict[str, Any]) -> list[Any]:
    named = [one["value"] for one in content.get("examples", {}).values()]
    return [*named, content["example"]] if "example" in content else named


def test_names_are_short_and_those_of_the_flat_surface_have_a_suffix() -> None:
    names = by_name().keys()
    assert {"listTasks", "createTask", "createTaskFlat", "runBatch", "checkReadiness"} <= names
    for path, _, operation in operations():
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+[A-Za-z]{2,20}", name)
        assert name.endswith("Flat") == path.startswith(FLAT)
        assert name in names - {f"{name}Flat"}
        [tag] = operation["tags"]
        assert tag.endswith("-flat") == path.startswith(FLAT)
        assert tag in {one["name"] for one in document()["tags"]}
        assert len(operation["summary"]) <= 100
    primary = {name for name in names if f"{name}Flat" in names}
    assert len(names) == 2 * len(primary) + 3  # health, and the numbers


def test_the_document_says_where_whose_and_under_which_license_it_is() -> None:
    assert document()["servers"][0]["url"] == "/"
    assert document()["info"]["contact"]["name"]
    assert document()["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert document()["security"] == []


def test_every_parameter_says_what_it_is_with_an_example_that_fits() -> None:
    for _, _, operation in operations():
        for parameter in operation.get("parameters", ()):
            place = (operation["operationId"], parameter["name"])
            assert parameter["description"], place
            [example] = parameter["schema"]["examples"]
            assert fits(parameter["schema"], example), place
            # What stands beside the schema is sent by "Try it out", unless it is changed there.
            assert ("example" in parameter) == parameter["required"], place


def test_every_body_and_every_answer_has_an_example_that_fits() -> None:
    for name, operation in by_name().items():
        told = {"body": operation["requestBody"]} if "requestBody" in operation else {}
        for place, answer in {**told, **operation["responses"]}.items():
            assert place == "body" or answer["description"], (name, place)
            for kind, content in answer.get("content", {}).items():
                assert examples(content), (name, place)
                assert "schema" in content
                for example in examples(content):
                    assert fits(content["schema"], example), (name, place, kind, example)
            for header, described in answer.get("headers", {}).items():
                assert described["example"], (name, place, header)
        assert any(status < "400" for status in operation["responses"])
        assert any(status >= "400" for status in operation["responses"])


def test_every_field_has_a_type_and_an_example_that_fits() -> None:
    for name, schema in schemas().items():
        for example in schema["examples"]:
            assert fits(schema, example), name
        for field, described in schema.get("properties", {}).items():
            assert described.keys() & {"type", "anyOf", "$ref", "const"}, (name, field)
            assert described["examples"], (name, field)
            assert fits(described, described["examples"][0]), (name, field)


def integers(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield schema
        for part in schema.values():
            yield from integers(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from integers(part)


def test_what_can_be_large_is_of_64_bits() -> None:
    """What is not is a status or a number of items on a page."""
    small = [one for one in integers(document()["paths"]) if one.get("format") != "int64"]
    assert {one["maximum"] for one in small} == {100, 500}
    small = [one for one in integers(schemas()) if one.get("format") != "int64"]
    assert {one["title"] for one in small} == {"Status"}


def test_a_field_that_can_be_left_out_has_no_default_which_generators_take_for_always_there() -> (
    None
):
    for name, schema in schemas().items():
        for field, described in schema.get("properties", {}).items():
            assert "default" not in described, (name, field)
    assert schemas()["TaskContent"]["required"] == ["title"]
    assert "false" in schemas()["TaskContent"]["properties"]["completed"]["description"]


def test_what_only_the_service_writes_is_read_only_in_bodies_and_answers() -> None:
    only_read = {"id", "user_id", "revision", "url", "created_at", "updated_at", "completed_at"}
    for name in ("TaskRead", "TaskContent", "TaskPatch"):
        fields = schemas()[name]["properties"]
        found = {field for field in fields if fields[field].get("readOnly")}
        assert found >= only_read, name


def test_the_codes_are_those_of_the_errors_that_are_given() -> None:
    def codes(error: type[AppError]) -> set[str]:
        return {error.code}.union(*map(codes, error.__subclasses__()))

    enum = schemas()["Problem"]["properties"]["code"]["enum"]
    assert {*enum} <= codes(AppError)
    assert len(enum) == len({*enum})
    assert "forbidden" not in enum, "no one is in this phase"
    used = re.findall(r"urn:tasks:problem:([a-z_]+)", str(document()["paths"]))
    assert {*enum} - {*used} == {"not_found", "method_not_allowed"}, "given where nothing is"
