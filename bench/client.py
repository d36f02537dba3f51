"""One request after another on one connection."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NEW_TASK = {"title": "Buy milk", "description": "Two bottles", "tags": ["home", "shop"]}


@dataclass(frozen=True)
class Client:
    """Talks to a service on the loopback; raises SystemExit unless the answer is a success."""

    connection: http.client.HTTPConnection

    def ask(self, method: str, path: str, body: object = None) -> tuple[Any, str]:
        """The answer's JSON, and the path of the next page if there is one."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, headers)
        with self.connection.getresponse() as response:
            content = response.read().decode()
            if response.status >= 400:
                raise SystemExit(f"{method} {path} answered {response.status}: {content[:500]}")
            link = response.getheader("Link", "").partition(">")[0].removeprefix("<")
        next_page = urlsplit(link)._replace(scheme="", netloc="").geturl()
        return json.loads(content or "null"), next_page

    def operate(self, operation: str, owner: int, task: int) -> Any:
        """Send one of the four operations; returns its answer."""
        method, path = {
            "read": ("GET", f"/{task}"),
            "list": ("GET", "?limit=50"),
            "create": ("POST", ""),
            "toggle": ("PATCH", f"/{task}/complete"),
        }[operation]
        body = NEW_TASK if operation == "create" else None
        return self.ask(method, f"/api/{owner}/tasks{path}", body)[0]


@contextmanager
def client(port: int) -> Iterator[Client]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield Client(connection)
    finally:
        connection.close()
