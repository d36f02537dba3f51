"""The base of all services of an owner."""

from backend.database.execution import OwnedSession


class OwnerService:
    """A service for the rows of one owner, and for no others.

    A handler that takes one waits for its owner's share of the connections
    (`api/routing/event_loop.py`).
    """

    def __init__(self, session: OwnedSession) -> None:
        self._session = session
        self.owner = session.owner
