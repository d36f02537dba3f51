"""The revisions of many owners at once, for the poller of live events."""

from collections.abc import Sequence

from backend.database.execution import OperatorSession
from backend.queries.positions import POSITIONS


def positions(session: OperatorSession, owners: Sequence[int]) -> dict[int, int]:
    """The revision of each owner, in one round trip; 0 for an owner who has never written."""
    rows = session.survey(POSITIONS, owners=list(owners))
    return {**dict.fromkeys(owners, 0), **{row.owner: row.revision for row in rows}}
