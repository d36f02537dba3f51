"""How far owners have come, many at once: for the poller of the events alone."""

from collections.abc import Sequence

from backend.database.execution import OperatorSession
from backend.queries.positions import POSITIONS


def positions(session: OperatorSession, owners: Sequence[int]) -> dict[int, int]:
    """The revision of each owner; 0 for one who has never written. One round trip."""
    rows = session.survey(POSITIONS, owners=list(owners))
    return {**dict.fromkeys(owners, 0), **{row.owner: row.revision for row in rows}}
