"""The OpenAPI document: its metadata, its operation ids, and how it is built."""

from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.api.openapi.corrections import correct

FLAT = "/api/v1/"
DESCRIPTION = (
    "Tasks on two surfaces over one service: the owner is in the path, or, on the flat one, in "
    "the query or the body. There is **no authentication in this phase**: whoever names a user "
    "acts for that user."
)
ABOUT: dict[str, Any] = {
    "contact": {"name": "The operators of this service"},
    "license_info": {"name": "MIT", "identifier": "MIT"},
    "servers": [{"url": "/", "description": "Where this document came from."}],
}
_GROUPS = {
    "tasks": "One task: create, read, change, complete, into the trash and out of it.",
    "lists": "Many tasks: filter, sort, page; into the trash and out of it, whatever matches.",
    "sync": "Many at once, offline, live: batches, the feed of changes, events, the summary.",
    "files": "All tasks as a file, out and in: JSON, CSV, iCalendar, todo.txt, and others' files.",
}
TAGS = [
    *({"name": name, "description": said} for name, said in _GROUPS.items()),
    *(
        {"name": f"{name}-flat", "description": f"{said} The owner is the `user_id`."}
        for name, said in _GROUPS.items()
    ),
    {"name": "health", "description": "For load balancers and people on call."},
]


def operation_id(route: APIRoute) -> str:
    """`createTask`, on the flat surface `createTaskFlat`: names for generated clients."""
    first, *others = route.name.replace("_owned", "").split("_")
    name = first + "".join(map(str.capitalize, others))
    return f"{name}Flat" if route.path.startswith(FLAT) else name


def describe(app: FastAPI) -> None:
    """Make the application serve the corrected document, built once."""
    build, once = app.openapi, Lock()

    def openapi() -> dict[str, Any]:
        with once:  # nobody sees it half corrected
            if app.openapi_schema is None:
                document = build()
                document["security"] = []  # on purpose: there is no authentication yet
                correct(document)
            return build()

    app.openapi = openapi  # type: ignore[method-assign]
