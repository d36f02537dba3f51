"""The next occurrences of a repeating task."""

from fastapi import Response

from backend.api.dependencies import Tasks
from backend.api.schemas.fields import TaskId
from backend.api.schemas.repeating import Occurrence, OccurrenceLimit, OccurrencesRead


def list_occurrences(id: TaskId, tasks: Tasks, limit: OccurrenceLimit = 10) -> Response:
    """When the tasks that follow would be due. Nothing is made."""
    found = tasks.occurrences(id, limit)
    items = [Occurrence(due_date=due.day, due_at=due.at) for due in found]
    text = OccurrencesRead(items=items).model_dump_json()
    return Response(text, 200, media_type="application/json")
