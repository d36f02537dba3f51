"""The two surfaces, so that a test can be told once and run on both."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request that `Api.send` sends."""

    method: str
    url: str
    json: Any = None


@dataclass(frozen=True)
class Surface:
    """Where the tasks of an owner are."""

    name: str

    def tasks(self, owner: object, query: str = "") -> str:
        """The address of the collection."""
        if self.name == "primary":
            return f"/api/{owner}/tasks" + (f"?{query}" if query else "")
        return f"/api/v1/tasks?user_id={owner}" + (f"&{query}" if query else "")

    def task(self, owner: object, task_id: object, action: str = "") -> str:
        """The address of a task, or of an action on it (`/complete`, `/restore`)."""
        if self.name == "primary":
            return f"/api/{owner}/tasks/{task_id}{action}"
        return f"/api/v1/tasks/{task_id}{action}?user_id={owner}"

    def restore(self, owner: object, query: str = "") -> str:
        """The address that takes many tasks out of the trash."""
        return self.under(owner, "restore", query)

    def under(self, owner: object, name: str, query: str = "") -> str:
        """The address of a name below the collection, like `changes`."""
        url = self.task(owner, name)
        return url + f"{'&' if '?' in url else '?'}{query}" if query else url

    def create(self, owner: object, **content: Any) -> Request:
        """The request that creates a task."""
        if self.name == "primary":
            return Request("POST", f"/api/{owner}/tasks", content)
        return Request("POST", "/api/v1/tasks", {**content, "user_id": owner})

    def batch(self, owner: object, *operations: Any, query: str = "") -> Request:
        """The request that runs these operations."""
        more = f"?{query}" if query else ""
        if self.name == "primary":
            return Request("POST", f"/api/{owner}/tasks/batch{more}", {"operations": operations})
        body = {"user_id": owner, "operations": operations}
        return Request("POST", f"/api/v1/tasks/batch{more}", body)

    def verbs(self, owner: object, task_id: object) -> dict[str, Request]:
        """Every request that names a task; in this order each of the writes changes it."""
        url = self.task(owner, task_id)
        complete = self.task(owner, task_id, "/complete")
        return {
            "read": Request("GET", url),
            "head": Request("HEAD", url),
            "replace": Request("PUT", url, {"title": "taken over"}),
            "patch": Request("PATCH", url, {"title": "taken over again"}),
            "complete": Request("PATCH", complete, {"completed": True}),
            "toggle": Request("PATCH", complete),
            "delete": Request("DELETE", url),
            "restore": Request("POST", self.task(owner, task_id, "/restore")),
        }


PRIMARY = Surface("primary")
FLAT = Surface("flat")
VERBS = tuple(PRIMARY.verbs(1, 1))
