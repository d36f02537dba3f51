"""The client of openapi-python-client, there and back."""

import sys

from generated.python.api.lists import list_tasks
from generated.python.api.tasks import (
    complete_task,
    create_task,
    delete_task,
    patch_task,
    read_task,
    replace_task,
)
from generated.python.client import Client
from generated.python.models import (
    Priority,
    Problem,
    TaskContent,
    TaskPatch,
    TaskRead,
    TaskReplacement,
)

OWNER = 104
client = Client(base_url=sys.argv[-1])


def is_task(found: object) -> TaskRead:
    assert isinstance(found, TaskRead), found
    return found


def main() -> None:
    created = is_task(create_task.sync(OWNER, client=client, body=TaskContent(title="x")))
    read = is_task(read_task.sync(OWNER, created.id, client=client))
    assert (read.title, read.due_date) == ("x", None)
    condition = f'"{created.revision}"'
    patch = TaskPatch(priority=Priority.HIGH, tags=["home"])
    changed = is_task(
        patch_task.sync(OWNER, created.id, client=client, body=patch, if_match=condition)
    )
    assert changed.priority is Priority.HIGH
    late = TaskReplacement(title="too late")
    conflict = replace_task.sync(OWNER, created.id, client=client, body=late, if_match=condition)
    assert isinstance(conflict, Problem)
    assert (conflict.status, conflict.code.value) == (412, "precondition_failed")
    once = TaskContent(title="once")
    first = is_task(create_task.sync(OWNER, client=client, body=once, idempotency_key="python"))
    again = is_task(create_task.sync(OWNER, client=client, body=once, idempotency_key="python"))
    assert first.id == again.id
    listed = list_tasks.sync(OWNER, client=client, priority=[Priority.HIGH, Priority.LOW])
    assert isinstance(listed, list)
    assert [task.id for task in listed] == [created.id]
    assert is_task(complete_task.sync(OWNER, created.id, client=client)).completed
    assert delete_task.sync_detailed(OWNER, created.id, client=client).status_code == 204
    missing = read_task.sync(OWNER, created.id, client=client)
    assert isinstance(missing, Problem)
    assert missing.code.value == "task_not_found"


main()
