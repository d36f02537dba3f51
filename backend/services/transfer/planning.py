"""What an import is to write, worked out from the file and from what is here."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from backend.models.task import Priority
from backend.queries.columns import CONTENT
from backend.queries.search import FOLDED, fold
from backend.services.batch import array_text
from backend.services.transfer.reading import Contents, Tally
from backend.services.transfer.record import Lost, Record
from backend.services.transfer.report import CHANGED_HERE, IN_TRASH, SAME, UNDATED, Report
from backend.services.transfer.ties import Here, Row, Spot, Ties, in_order

DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(CONTENT),
    "completed": False,
    "priority": Priority.NONE,
    "tags": [],
    "repeat_from": "due",
}


class Plan:
    """The rows to write, in the order of the file. `parents`: tasks that are not among them, and
    get sub-tasks.
    """

    def __init__(
        self, contents: Contents, here: Mapping[str, Here], report: Report, now: datetime
    ) -> None:
        self._report, self._now = report, now
        self._rows: list[Row] = []
        self._lost: list[tuple[int, Lost]] = []
        places = {record.uid or "": n for n, record in enumerate(contents.records)}
        self._ties = Ties(contents, places, here)
        for record in in_order(contents.records, places, contents.keys):
            self._sort_in(record, here.get(record.uid or ""))
        self.rows = sorted(self._rows, key=lambda row: places[row.record.uid or ""])
        for number, row in enumerate(self.rows, 1):
            row.number = number
        self.parents = self._note_parents()
        self._report.left_out.add_all(Tally(self._lost))

    def _lose(self, line: int, what: Lost) -> None:
        self._lost.append((line, what))

    def _sort_in(self, record: Record, here: Here | None) -> None:
        """Count it, and write it if it is new or is to be changed."""
        lose = partial(self._lose, record.line)
        said = {name: value for name, value in record.values.items() if name != "parent_id"}
        said |= self._ties.parent(record, here, lose)
        if here is None:
            self._report.made += 1
            before = self._ties.before(record, lose)
            self._add(Row(record, {**DEFAULTS, **said}, before=before))
            return
        values = {**here.values, **said}
        reason = self._reason_to_leave(record, here, values)
        if reason is None:
            self._report.changed += 1
            self._add(Row(record, values, here))
            return
        self._report.skipped[reason] += 1
        if not here.is_trashed:
            self._ties.place(record.uid or "", here.id, here.parent_id)

    def _add(self, row: Row) -> None:
        self._rows.append(row)
        spot: Spot = row if row.old is None else row.old.id
        self._ties.place(row.record.uid or "", spot, row.parent)

    def _reason_to_leave(self, record: Record, here: Here, values: Mapping[str, Any]) -> str | None:
        if here.is_trashed:
            return IN_TRASH
        if values == here.values:
            return SAME
        if record.modified_at is None or record.modified_at > self._now:
            # A time that has not come would win over every edit made here, again and again.
            return UNDATED
        return None if _is_newer(record.modified_at, here.updated_at) else CHANGED_HERE

    def _note_parents(self) -> Collection[int]:
        changed = {row.old.id: row for row in self.rows if row.old is not None}
        parents = {
            row.parent
            for row in self.rows
            if isinstance(row.parent, int) and (row.old is None or row.old.parent_id != row.parent)
        }
        for parent in parents & changed.keys():
            changed[parent].gains = True
        return parents - changed.keys()


def _is_newer(in_file: datetime, here: datetime) -> bool:
    """Whether nobody has changed the task here since; some formats have whole seconds."""
    return in_file >= (here if in_file.microsecond else here.replace(microsecond=0))


def columns_of(row: Row) -> dict[str, Any]:
    """A row as the statement takes it (`queries/transfer.py`)."""
    record, values, old = row.record, row.values, row.old
    completed_at = (old and old.completed_at) or record.completed_at
    return {
        **values,
        "tags": array_text(values["tags"]),
        **{folded: fold(values[name]) for name, folded in FOLDED.items()},
        "parent_id": row.parent if isinstance(row.parent, int) else None,
        "parent_number": row.parent.number if isinstance(row.parent, Row) else None,
        "repeat_of": row.before if isinstance(row.before, int) else None,
        "series": row.first.number,
        "steps": row.steps,
        "gains": row.gains,
        "number": row.number,
        "task_id": old and old.id,
        "completed_at": completed_at,
        "created_at": old.created_at if old else record.created_at,
        "uid": record.uid,
    }
