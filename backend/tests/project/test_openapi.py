"""What /docs shows is what the service does."""

import re
from typing import Any

import pytest

from backend.dev.openapi import EXPORT, built, document
from backend.tests.support.recorder import RecordingClient

OPERATIONS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return built()


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for path in described["paths"].values()
        for method, operation in path.items()
        if method in OPERATIONS
    ]


@pytest.mark.requirement("FR-13")
def test_the_exported_document_is_the_applications() -> None:
    assert EXPORT.read_text() == document(), "run: make openapi"


@pytest.mark.requirement("FR-13")
def test_docs_are_served(client: RecordingClient) -> None:
    assert "swagger-ui" in client.get("/docs").text
    assert client.get("/openapi.json").json() == built()


@pytest.mark.requirement("FR-13")
def test_both_surfaces_have_the_same_verbs(described: dict[str, Any]) -> None:
    def verbs(root: str) -> dict[str, set[str]]:
        found = described["paths"].items()
        return {path.removeprefix(root): set(item) for path, item in found if path.startswith(root)}

    assert verbs("/api/v1/tasks") == verbs("/api/{user_id}/tasks")


@pytest.mark.requirement("FR-13", "FR-12")
def test_every_operation_documents_its_errors_as_problems(described: dict[str, Any]) -> None:
    for operation in operations(described):
        answers = operation["responses"]
        assert "HTTPValidationError" not in str(answers)
        assert operation["description"]
        errors = {status: answer for status, answer in answers.items() if status >= "400"}
        assert "health" in operation["tags"] or {"400", "500", "503"} <= errors.keys()
        for answer in errors.values():
            assert answer["content"].keys() == {"application/problem+json"}
            assert answer["content"]["application/problem+json"]["examples"]


@pytest.mark.requirement("FR-13")
def test_every_body_and_answer_has_an_example(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        if name not in {"Priority", "Place", "Health"}:
            assert schema["examples"], name


@pytest.mark.requirement("FR-13")
def test_null_is_offered_only_where_it_can_be_sent(described: dict[str, Any]) -> None:
    for operation in operations(described):
        schemas = [parameter["schema"] for parameter in operation.get("parameters", ())]
        schemas += [
            body["schema"] for body in operation.get("requestBody", {}).get("content", {}).values()
        ]
        assert {"type": "null"} not in [kind for one in schemas for kind in one.get("anyOf", ())]


@pytest.mark.requirement("FR-13")
@pytest.mark.parametrize(
    ("operation", "name", "good", "bad"),
    [
        ("get", "sort", ["due", "-due,priority"], ["", "due,", "due,-due", "owner", "due, title"]),
        ("get", "q", ["", " ", "a b"], ["a\0b"]),
        ("delete", "q", ["a", " a\n"], ["", " ", "\t\n\x1c\x85\xa0\u3000", "a\0b"]),
    ],
)
def test_a_pattern_of_the_document_takes_what_the_service_takes(
    client: RecordingClient,
    described: dict[str, Any],
    operation: str,
    name: str,
    good: list[str],
    bad: list[str],
) -> None:
    parameters = described["paths"]["/api/{user_id}/tasks"][operation]["parameters"]
    [pattern] = [one["schema"]["pattern"] for one in parameters if one["name"] == name]
    for text in good + bad:
        response = client.request(operation, "/api/1/tasks", params={name: text})
        assert response.is_success == (re.search(pattern, text) is not None) == (text in good), text


@pytest.mark.requirement("FR-13")
def test_bounds_of_64_bits_are_exact_in_the_document(client: RecordingClient) -> None:
    text = client.get("/openapi.json").text
    assert "9223372036854775807" in text
    assert "e+18" not in text
