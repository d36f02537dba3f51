"""Bringing the tasks of a file into the list of one owner: all of them, or none."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from backend.database.waiting import run_in_thread
from backend.errors import Conflict, Overloaded
from backend.models.task import Priority
from backend.queries import transfer as queries
from backend.queries.columns import CONTENT
from backend.queries.search import FOLDED, fold
from backend.services.batch import array_text
from backend.services.of_owner import OwnerService
from backend.services.transfer.reading import Tally
from backend.services.transfer.record import Record
from backend.services.transfer.uids import digits_of, own

MAX_TRIES = 5
"""How often what is here is read again, because others have changed it before we wrote."""

DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(CONTENT),
    "completed": False,
    "priority": Priority.NONE,
    "tags": [],
    "repeat_from": "due",
}
SKIPPED = SAME, CHANGED_HERE, UNDATED, IN_TRASH = "same", "changed_here", "undated", "in_trash"
"""Why a task of the file leaves the one that is here as it is."""


@dataclass
class Report:
    """What became of the tasks of a file, or would."""

    dry_run: bool
    made: int = 0
    changed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: Tally = field(default_factory=Tally)

    def add(self, more: "Report") -> None:
        """Count another part of the same file."""
        self.made += more.made
        self.changed += more.changed
        self.skipped += more.skipped
        self.left_out.add_all(more.left_out)


class _Here(NamedTuple):
    """A task that is here already."""

    id: int
    revision: int
    values: Mapping[str, Any]
    completed_at: datetime | None
    updated_at: datetime
    created_at: datetime
    is_trashed: bool


class ImportService(OwnerService):
    """Writes tasks of files, two round trips however many they are."""

    def run(self, records: Sequence[Record], tally: Tally, *, dry_run: bool = False) -> Report:
        """All, or none. Repeated, it makes nothing twice.

        Raises Overloaded if others change these very tasks all the time.
        """
        return run_in_thread(self._run, records, tally, dry_run=dry_run)

    def _run(self, records: Sequence[Record], tally: Tally, *, dry_run: bool) -> Report:
        now = datetime.now(UTC)
        for _ in range(MAX_TRIES):
            report, rows = Report(dry_run, left_out=tally), list[dict[str, Any]]()
            here = self._here(records)
            for record in records:
                row = _sorted_in(record, here.get(record.uid or ""), report, now)
                rows += [row] if row else []
            if dry_run or not rows or self._is_written(rows):
                return report
        raise Overloaded("Others change the same tasks all the time. Nothing was done; try again.")

    def _here(self, records: Sequence[Record]) -> dict[str, _Here]:
        """The tasks with these UIDs, in the trash or not."""
        uids = [record.uid for record in records if record.uid]
        named = {one.task_id: uid for uid in uids if (one := own(uid)) and one.owner == self.owner}
        rows = self._session.all(queries.KNOWN, uids=uids, ids=list(named))
        tasks = [json.loads(row.json) for row in rows]
        found = {}
        for task in tasks:
            uid = task["stored_uid"] or named.get(task["id"], "")
            made = own(uid)
            is_own = made is not None and made.created_at == digits_of(task["created_at"])
            if task["stored_uid"] or is_own:
                found[uid] = _here(task)
        return found

    def _is_written(self, rows: Sequence[dict[str, Any]]) -> bool:
        """False, and nothing is written, if something was changed or made since it was read."""
        arrays = {f"in_{name}": [row[name] for row in rows] for name in queries.WRITTEN_ROW}
        changed = [row for row in rows if row["task_id"] is not None]
        parameters = {
            "changed_ids": [row["task_id"] for row in changed],
            "changed_revisions": [row["old_revision"] for row in changed],
            "changes": len(changed),
        }
        try:
            row = self._session.one(queries.WRITE, **arrays, **parameters)
        except Conflict:  # another import has made a task of one of these UIDs
            return False
        return row.written == len(rows)


def _here(task: Mapping[str, Any]) -> _Here:
    values = {name: task[name] for name in CONTENT}
    values["priority"] = Priority(values["priority"])
    if values["due_date"] is not None:
        values["due_date"] = date.fromisoformat(values["due_date"])
    values["due_at"] = _moment(values["due_at"])
    created, updated = (datetime.fromisoformat(task[name]) for name in ("created_at", "updated_at"))
    completed = _moment(task["completed_at"])
    facts = task["id"], task["revision"], values, completed, updated, created, task["deleted"]
    return _Here(*facts)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _sorted_in(
    record: Record, here: _Here | None, report: Report, now: datetime
) -> dict[str, Any] | None:
    """The row to write for a record, or None; the report counts it."""
    if here is None:
        report.made += 1
        values = {**DEFAULTS, **record.values}
        return _row(record, values, record.completed_at, report)
    values = {**here.values, **record.values}
    if here.is_trashed:
        report.skipped[IN_TRASH] += 1
    elif values == here.values:
        report.skipped[SAME] += 1
    elif record.modified_at is None or record.modified_at > now:
        # A time that has not come would win over every edit made here, again and again.
        report.skipped[UNDATED] += 1
    elif not _is_newer(record.modified_at, here.updated_at):
        report.skipped[CHANGED_HERE] += 1
    else:
        report.changed += 1
        completed_at = here.completed_at or record.completed_at
        return _row(record, values, completed_at, report) | {
            "task_id": here.id,
            "old_revision": here.revision,
            "created_at": here.created_at,
        }
    return None


def _is_newer(in_file: datetime, here: datetime) -> bool:
    """Whether nobody has changed the task here since; some formats have whole seconds."""
    return in_file >= (here if in_file.microsecond else here.replace(microsecond=0))


def _row(
    record: Record, values: Mapping[str, Any], completed_at: datetime | None, report: Report
) -> dict[str, Any]:
    return {
        **values,
        "tags": array_text(values["tags"]),
        **{folded: fold(values[name]) for name, folded in FOLDED.items()},
        "number": report.made + report.changed,
        "task_id": None,
        "completed_at": completed_at,
        "created_at": record.created_at,
        "uid": record.uid,
    }
