"""What /docs shows is what the service does."""

from typing import Any

import pytest
import yaml

from backend.dev.openapi import EXPORT, document
from backend.tests.support.recorder import RecordingClient

OPERATIONS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(document())
    return loaded


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
    assert client.get("/openapi.json").json() == yaml.safe_load(document())


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
