"""Moving a task to another place in the order of a list."""

from typing import Any

from backend.errors import (
    Conflict,
    DatabaseUnavailable,
    FieldError,
    InvalidRequest,
    PreconditionFailed,
    TaskNotFound,
)
from backend.queries import moves as queries
from backend.queries.moves import MAX_RENUMBERED, Move
from backend.queries.statement import MoveRow, Statement
from backend.services.entity_tags import EntityTags
from backend.services.of_owner import OwnerService

_NO_ANCHOR = "must be another task of this owner, out of the trash"
_CROWDED = (
    f"More than {MAX_RENUMBERED} tasks would need another `order`. Nothing was done: give them one."
)


class MoveService(OwnerService):
    """Moves tasks of one owner: one round trip, or two where there is no room."""

    def move(
        self, task_id: int, anchor: int, if_match: EntityTags | None = None, *, before: bool
    ) -> MoveRow:
        """Put the task before or behind the anchor. Repeatable.

        Raises TaskNotFound, PreconditionFailed, InvalidRequest for a task and itself, and Conflict
        if there is no such anchor.
        """
        place = "body.before" if before else "body.after"
        if anchor == task_id:
            raise InvalidRequest(errors=(FieldError(place, _NO_ANCHOR, "anchor"),))
        is_conditional = if_match is not None and not if_match.is_any
        revisions = if_match.revisions if if_match is not None else []
        parameters = {"task_id": task_id, "anchor_id": anchor, "goes_before": before}
        answer = self._move(is_conditional, {**parameters, "revisions": revisions})
        if answer.json is not None and not answer.has_anchor:
            raise Conflict(errors=(FieldError(place, _NO_ANCHOR, "anchor"),))
        if answer.is_crowded:
            raise Conflict(_CROWDED)
        if answer.json is not None:
            return answer
        if self._session.has_repeated and is_conditional:
            raise DatabaseUnavailable  # what is in its way may be its own first attempt
        raise PreconditionFailed if is_conditional and answer.found else TaskNotFound

    def _move(self, is_conditional: bool, parameters: dict[str, Any]) -> MoveRow:
        """Between the neighbours as they are, and with others where they leave no room."""
        move = queries.MOVE
        while True:  # until others are done, or the deadline has come
            answer = self._session.one(_chosen(move, is_conditional), **parameters)
            if answer.is_crowded and move is queries.MOVE:
                move = queries.RENUMBER
            elif not answer.is_stale:
                return answer


def _chosen(move: Move, is_conditional: bool) -> Statement[MoveRow]:
    return move.if_match if is_conditional else move.always
