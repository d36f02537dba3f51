"""The change feed that offline and live clients follow."""

import json
from dataclasses import dataclass

from backend.errors import CursorExpired
from backend.observability.metrics import PURGE_HORIZON
from backend.queries import changes
from backend.queries.lists import SEPARATOR
from backend.services.of_owner import OwnerService

MAX_PAGE = 500
"""Changes of one page."""


@dataclass(frozen=True)
class Position:
    """How far a client has read: it knows every change up to `since`.

    `began` is the owner's revision at the first page of the client's first sync, while that lasts.
    """

    since: int
    began: int | None = None


@dataclass(frozen=True)
class Changes:
    """A page: JSON objects in revision order, and where to continue."""

    items: list[str]
    next: Position
    has_more: bool


class ChangeService(OwnerService):
    """Reads the feed of one owner, in one round trip per page."""

    def now(self) -> int:
        """The revision that the owner has come to; 0 for one who has never written."""
        return self._session.one(changes.NOW).revision

    def page(self, position: Position, limit: int) -> Changes:
        """The next changes. Raises CursorExpired if some may be missing."""
        is_first = position.since == 0
        began = None if is_first else position.began or 0
        row = self._session.one(changes.PAGE, since=position.since, began=began, limit=limit)
        PURGE_HORIZON.raise_to(row.horizon / 1e6)  # as revisions are: microseconds since 1970
        if not is_first:
            _require_good(position, row.revision, row.horizon)
        texts = row.json.split(SEPARATOR) if row.json else []
        items, has_more = texts[:limit], len(texts) > limit
        if not has_more:
            return Changes(items, Position(row.revision), has_more)
        began = row.revision if is_first else position.began
        return Changes(items, Position(revision_of(items[-1]), began), has_more)


def revision_of(item: str) -> int:
    """The revision of a change, given as JSON."""
    revision: int = json.loads(item)["revision"]
    return revision


def _require_good(position: Position, revision: int, horizon: int) -> None:
    began = position.began or 0
    if position.since > revision or began > revision:
        raise CursorExpired("This owner has not come so far: a backup may have been restored.")
    if max(position.since, began) < horizon:
        raise CursorExpired("Deletions from after this revision have been purged.")
