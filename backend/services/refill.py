"""Refills the search columns of tasks that were not written by the service.

Those are rows of an older release, of printed SQL, or of a manual import. Safe beside the service
and to repeat: correct rows are read but not written.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backend.database.execution import OperatorSession
from backend.queries import refill
from backend.queries.search import FOLDED, fold
from backend.queries.statement import FoldedRow, OwnerCountRow


class Progress(NamedTuple):
    """A batch: the tasks read, and how many of them were written."""

    read: int
    written: int


class Refill:
    """Reads each owner's tasks by id, and fills in missing search columns."""

    batch = 1000
    """Tasks that one statement reads at the most."""

    def __init__(self, session: OperatorSession) -> None:
        self._session = session

    def owners(self, after: int = 0) -> Iterator[OwnerCountRow]:
        """All owners with tasks, in order, each with the number of tasks."""
        while rows := self._session.survey(refill.NEXT_OWNER, after=after, owners=1):
            yield rows[0]
            after = rows[0].owner

    def fill(self, owner: int) -> Iterator[Progress]:
        """Fill an owner's tasks; yields after each batch."""
        last = 0
        while rows := self._read(owner, last):
            wrong = [row for row in rows if not _is_right(row)]
            parts = [wrong[at : at + refill.WIDTH] for at in range(0, len(wrong), refill.WIDTH)]
            yield Progress(len(rows), sum(self._write(owner, part) for part in parts))
            last = rows[-1].id

    def _read(self, owner: int, last: int) -> list[FoldedRow]:
        session = self._session.of_owner(owner)
        return session.all(refill.READ, after=last, batch=self.batch)

    def _write(self, owner: int, rows: list[FoldedRow]) -> int:
        parameters = refill.parameters(rows, fold)
        return len(self._session.of_owner(owner).all(refill.WRITE, **parameters))


def _is_right(row: FoldedRow) -> bool:
    return all(getattr(row, folded) == fold(getattr(row, name)) for name, folded in FOLDED.items())
