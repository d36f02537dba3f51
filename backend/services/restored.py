"""Expires all cursors after a backup was restored."""

from collections.abc import Iterator

from backend.database.execution import OperatorSession
from backend.queries import restored


class Restored:
    """Expires every earlier cursor. Safe to repeat."""

    def __init__(self, session: OperatorSession) -> None:
        self._session = session

    def owners(self, after: int = 0) -> Iterator[int]:
        """All owners, in order."""
        while rows := self._session.survey(restored.NEXT_OWNER, after=after, owners=1):
            after = rows[0].owner
            yield after

    def expire(self, owner: int) -> None:
        """From now on only later cursors are valid."""
        self._session.of_owner(owner).all(restored.EXPIRE)
