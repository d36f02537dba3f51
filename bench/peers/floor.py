"""The floor: the service's statements by bare psycopg2, JSON built by Postgres, 4 threads.

No validation, no ETag, no error but 404: what FastAPI, a thread and the statement cost.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import psycopg2
from anyio.to_thread import current_default_thread_limiter
from fastapi import Body, FastAPI, Response
from psycopg2.extensions import connection

FIELDS = ("id", "user_id", "title", "description", "completed", "completed_at", "priority")
FIELDS += ("due_date", "due_at", "tags", "order", "revision", "created_at", "updated_at")
TASK = "json_build_object({})".format(", ".join(f"'{name}', tasks.\"{name}\"" for name in FIELDS))
THIS = "tasks.user_id = %(owner)s AND tasks.id = %(id)s AND tasks.deleted_at IS NULL"

READ = f"SELECT {TASK}::text FROM tasks WHERE {THIS}"
LIST = f"""
SELECT coalesce(json_agg({TASK} ORDER BY tasks.created_at, tasks.id), '[]')::text FROM (
    SELECT * FROM tasks WHERE user_id = %(owner)s AND deleted_at IS NULL
    ORDER BY created_at, id LIMIT %(limit)s
) AS tasks
"""
CREATE = f"""
WITH bump AS (
    INSERT INTO task_lists (user_id, revision, changed_at) VALUES (%(owner)s, 1, now())
    ON CONFLICT (user_id) DO UPDATE SET revision = task_lists.revision + 1,
        changed_at = greatest(task_lists.changed_at, excluded.changed_at)
    RETURNING revision, changed_at
)
INSERT INTO tasks (user_id, title, title_folded, description, description_folded, completed,
    priority, tags, revision, created_at, updated_at)
SELECT %(owner)s, %(title)s, %(title)s, %(description)s, coalesce(%(description)s, ''), false,
    0, %(tags)s::text[], revision, changed_at, changed_at FROM bump
RETURNING {TASK}::text
"""
TOGGLE = f"""
WITH bump AS (
    UPDATE task_lists SET revision = revision + 1, changed_at = greatest(changed_at, now())
    WHERE user_id = %(owner)s AND EXISTS (SELECT FROM tasks WHERE {THIS})
    RETURNING revision, changed_at
)
UPDATE tasks SET completed = NOT completed, revision = bump.revision, updated_at = bump.changed_at,
    completed_at = CASE WHEN completed THEN NULL ELSE bump.changed_at END
FROM bump WHERE {THIS} RETURNING {TASK}::text
"""

local = threading.local()


def get_connection() -> connection:
    """The connection of this thread."""
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect("")
        local.connection.autocommit = True
    return local.connection


def answer(statement: str, status: int = 200, **parameters: Any) -> Response:
    with get_connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    if row is None:
        return Response(status_code=404)
    return Response(row[0], status, media_type="application/json")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = 4
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/api/{user_id}/tasks")
def list_tasks(user_id: int, limit: int = 50) -> Response:
    return answer(LIST, owner=user_id, limit=limit)


@app.get("/api/{user_id}/tasks/{id}")
def read_task(user_id: int, id: int) -> Response:
    return answer(READ, owner=user_id, id=id)


@app.post("/api/{user_id}/tasks")
def create_task(user_id: int, body: Annotated[dict[str, Any], Body()]) -> Response:
    content = {name: body.get(name) for name in ("title", "description")}
    return answer(CREATE, 201, owner=user_id, tags=body.get("tags", []), **content)


@app.patch("/api/{user_id}/tasks/{id}/complete")
def toggle_task(user_id: int, id: int) -> Response:
    return answer(TOGGLE, owner=user_id, id=id)
