"""Requests made from the OpenAPI document: whatever is added to it is asked for, too."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI


@dataclass(frozen=True)
class Operation:
    """A path and a method of the document, and what it says of them."""

    path: str
    method: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.said["operationId"])

    @property
    def responses(self) -> dict[str, Any]:
        responses: dict[str, Any] = self.said["responses"]
        return responses

    def takes(self, parameter: str, place: str) -> bool:
        parameters = self.said.get("parameters", ())
        return any((one["name"], one["in"]) == (parameter, place) for one in parameters)

    @property
    def body(self) -> tuple[str, Any]:
        """The first media type that it takes, and its example; empty for none."""
        contents = self.said.get("requestBody", {}).get("content", {})
        for kind, content in contents.items():
            named = [one["value"] for one in content.get("examples", {}).values()]
            return kind, deepcopy(content.get("example", named[0] if named else None))
        return "", None

    @property
    def has_owner(self) -> bool:
        _, body = self.body
        in_body = isinstance(body, dict) and "user_id" in body
        return in_body or self.takes("user_id", "path") or self.takes("user_id", "query")


def operations(app: FastAPI) -> Iterator[Operation]:
    for path, item in app.openapi()["paths"].items():
        for method, said in item.items():
            yield Operation(path, method, said)


class Sample:
    """A valid request of the first owner, for one of their tasks, which may go beside another."""

    def __init__(self, operation: Operation, task: int, other: int) -> None:
        self.operation, self.task = operation, task
        self.query: dict[str, Any] = {
            one["name"]: one["example"]
            for one in operation.said.get("parameters", ())
            if one["required"] and one["in"] == "query"
        }
        kind, self.body = operation.body
        self.headers = {"Content-Type": kind} if kind else {}
        if operation.path.endswith("/batch"):
            self.body["operations"] = [{"op": "delete", "id": task}]
        elif operation.path.endswith("/move"):
            self.body = {"before": other}

    def send(self, client: Any) -> Any:
        path = self.operation.path.replace("{user_id}", "1").replace("{id}", str(self.task))
        address = f"{path}?{urlencode(self.query)}" if self.query else path
        is_text = isinstance(self.body, str | bytes)
        body = {"content": self.body} if is_text else {"json": self.body} if self.body else {}
        return client.request(self.operation.method, address, headers=self.headers, **body)
