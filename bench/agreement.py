"""Checks that all services give the same answers: one that sends less is not faster."""

from typing import Any

from bench.client import NEW_TASK, Client
from bench.database import OWNERS
from bench.services import Service

OWNER, TASK = 7, 7
FIELDS = {"id", "user_id", "title", "description", "completed", "completed_at", "priority"}
FIELDS |= {"due_date", "due_at", "tags", "order", "revision", "created_at", "updated_at"}


def _wrong(client: Client) -> list[str]:
    """The names of the operations whose answers differ."""
    read, listed, created, once, twice = (
        client.operate(operation, OWNER, TASK)
        for operation in ("read", "list", "create", "toggle", "toggle")
    )
    first = [TASK + OWNERS * number for number in range(50)]
    right: dict[str, Any] = {
        "read": read.keys() >= FIELDS and read["title"] == f"Task {TASK}",
        "list": [task["id"] for task in listed] == first and listed[0].keys() == read.keys(),
        "create": created.keys() == read.keys() and created.items() >= NEW_TASK.items(),
        "toggle": once["completed"] != read["completed"] == twice["completed"]
        and (once["completed_at"] is not None) == once["completed"],
    }
    return [operation for operation, holds in right.items() if not holds]


def require_agreement(service: Service, client: Client) -> None:
    """Raise SystemExit unless the four operations give the right answers."""
    if wrong := _wrong(client):
        raise SystemExit(f"{service.label} answers something else to {', '.join(wrong)}")
