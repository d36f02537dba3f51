"""How tests speak to the service: one owner's requests, on either surface."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from backend.tests.support.surfaces import Request, Surface

Headers = Any
Response = Any
"""Of httpx or of httpx2, whichever the client is of."""


@dataclass(frozen=True)
class Api:
    """A client, a surface and an owner: `api.create(title="x")`, `api.of(2).list(limit=5)`.

    What a test sends otherwise than a client would, it sends by `api.client`.
    """

    client: Any
    surface: Surface
    owner: object = 1

    def of(self, owner: object) -> Self:
        """The same for another owner."""
        return replace(self, owner=owner)

    @property
    def statements(self) -> Any:
        """What the last request has sent to the database, where the client records it."""
        return self.client.recorder.statements

    def tasks(self, query: str = "") -> str:
        """The address of the collection."""
        return self.surface.tasks(self.owner, query)

    def task(self, task_id: object, action: str = "") -> str:
        """The address of a task, or of an action on it."""
        return self.surface.task(self.owner, task_id, action)

    def verbs(self, task_id: object) -> dict[str, Request]:
        """Every request that names a task, each with a body that would change it."""
        return self.surface.verbs(self.owner, task_id)

    def every(self, task_id: object) -> dict[str, Request]:
        """Every kind of request: `verbs`, `list` and `create`."""
        create = self.surface.create(self.owner, title="new")
        return {"list": Request("GET", self.tasks()), "create": create, **self.verbs(task_id)}

    def send(self, request: Request, headers: Headers = None) -> Response:
        return self.client.request(**vars(request), headers=headers)

    def do(self, verb: str, task_id: object, headers: Headers = None) -> Response:
        """One of `verbs`."""
        return self.send(self.verbs(task_id)[verb], headers)

    def create(self, headers: Headers = None, **content: object) -> Response:
        return self.send(self.surface.create(self.owner, **content), headers)

    def made(self, **content: object) -> dict[str, Any]:
        """A new task; fails unless it was created."""
        response = self.create(**{"title": "Buy milk", **content})
        assert response.status_code == 201, response.text
        task: dict[str, Any] = response.json()
        return task

    def read(self, task_id: object, headers: Headers = None) -> Response:
        return self.client.get(self.task(task_id), headers=headers)

    def replace(self, task_id: object, headers: Headers = None, **content: object) -> Response:
        return self.client.put(self.task(task_id), json=content, headers=headers)

    def patch(self, task_id: object, headers: Headers = None, **changes: object) -> Response:
        return self.client.patch(self.task(task_id), json=changes, headers=headers)

    def complete(
        self, task_id: object, headers: Headers = None, *, completed: object = True
    ) -> Response:
        url = self.task(task_id, "/complete")
        return self.client.patch(url, json={"completed": completed}, headers=headers)

    def toggle(self, task_id: object, headers: Headers = None) -> Response:
        return self.client.patch(self.task(task_id, "/complete"), headers=headers)

    def delete(self, task_id: object, headers: Headers = None) -> Response:
        return self.client.delete(self.task(task_id), headers=headers)

    def restore(self, task_id: object, headers: Headers = None) -> Response:
        return self.client.post(self.task(task_id, "/restore"), headers=headers)

    def list(self, query: str = "", headers: Headers = None, **parameters: object) -> Response:
        """By a query as it is sent, or by parameters."""
        return self.client.get(self.tasks(query or _query(parameters)), headers=headers)

    def summary(self, headers: Headers = None, **parameters: object) -> Response:
        """The numbers of the list."""
        url = self.surface.under(self.owner, "summary", _query(parameters))
        return self.client.get(url, headers=headers)

    def batch(self, *operations: object, headers: Headers = None, query: str = "") -> Response:
        """Run these operations at once."""
        return self.send(self.surface.batch(self.owner, *operations, query=query), headers)

    def changes(self, headers: Headers = None, **parameters: object) -> Response:
        """A page of the feed."""
        url = self.surface.under(self.owner, "changes", _query(parameters))
        return self.client.get(url, headers=headers)

    def export(self, format: str, headers: Headers = None, **parameters: object) -> Response:
        """All that matches as a file."""
        query = _query({"format": format, **parameters})
        return self.client.get(self.surface.under(self.owner, "export", query), headers=headers)

    def bring(
        self, format: str, body: str | bytes, headers: Headers = None, **parameters: object
    ) -> Response:
        """Import a file."""
        query = _query({"format": format, **parameters})
        sent = {"Content-Type": "application/octet-stream", **(headers or {})}
        url = self.surface.under(self.owner, "import", query)
        return self.client.post(url, content=body, headers=sent)

    def brought(self, format: str, body: str | bytes, **parameters: object) -> dict[str, Any]:
        """The report of an import; fails unless there is one."""
        response = self.bring(format, body, **parameters)
        assert response.status_code == 200, response.text
        report: dict[str, Any] = response.json()
        return report

    def delete_all(
        self, query: str = "", headers: Headers = None, **parameters: object
    ) -> Response:
        """Move to the trash what the query, or the parameters, match."""
        return self.client.delete(self.tasks(query or _query(parameters)), headers=headers)


def _query(parameters: dict[str, object]) -> str:
    """As a query; a list is a repeated parameter."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in parameters.items()
    }
    return urlencode(texts, doseq=True)
