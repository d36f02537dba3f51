"""Moving a task to another place in the order of a list."""

from fastapi import Response

from backend.api.dependencies import Moves
from backend.api.responses import task_response
from backend.api.schemas.fields import TaskId
from backend.api.schemas.headers import IfMatch
from backend.api.schemas.moves import Destination


def move_task(id: TaskId, body: Destination, moves: Moves, if_match: IfMatch = None) -> Response:
    """Give a task the `order` that puts it before or after another. Repeatable without a key."""
    before = "before" in body.model_fields_set
    anchor = body.before if before else body.after
    return task_response(moves.move(id, anchor, if_match, before=before))
