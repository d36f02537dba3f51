"""Bringing the tasks of a file into the list of one owner: all of them, or none."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from backend.database.waiting import run_in_thread
from backend.errors import Conflict, Overloaded
from backend.models.task import Priority
from backend.queries import transfer as queries
from backend.queries.columns import CONTENT
from backend.services.of_owner import OwnerService
from backend.services.transfer.planning import Plan, columns_of
from backend.services.transfer.reading import Contents
from backend.services.transfer.report import Report
from backend.services.transfer.ties import Here, named_uid
from backend.services.transfer.uids import own, uid_of

MAX_TRIES = 5
"""How often what is here is read again, because others have changed it before we wrote."""


class ImportService(OwnerService):
    """Writes tasks of files, two round trips however many they are."""

    def run(self, contents: Contents, *, dry_run: bool = False) -> Report:
        """All, or none. Repeated, it makes nothing twice.

        Raises Overloaded if others change these very tasks all the time.
        """
        return run_in_thread(self._run, contents, dry_run=dry_run)

    def _run(self, contents: Contents, *, dry_run: bool) -> Report:
        now = datetime.now(UTC)
        for _ in range(MAX_TRIES):
            report = Report(dry_run)
            report.left_out.add_all(contents.tally)
            plan = Plan(contents, self._here(contents), report, now)
            if dry_run or not plan.rows or self._is_written(plan):
                return report
        raise Overloaded("Others change the same tasks all the time. Nothing was done; try again.")

    def _here(self, contents: Contents) -> dict[str, Here]:
        """The tasks with these UIDs, and those that they name, in the trash or not."""
        uids = dict.fromkeys(_uids(contents))
        ids = [one.task_id for uid in uids if (one := own(uid)) and one.owner == self.owner]
        rows = self._session.all(queries.KNOWN, uids=list(uids), ids=ids)
        tasks = [json.loads(row.json) for row in rows]
        return {task["stored_uid"] or uid_of(task) or "": _here(task) for task in tasks}

    def _is_written(self, plan: Plan) -> bool:
        """False, and nothing is written, if something was changed or made since it was read."""
        rows = [columns_of(row) for row in plan.rows]
        arrays = {f"in_{name}": [row[name] for row in rows] for name in queries.WRITTEN_ROW}
        changed = [row.old for row in plan.rows if row.old is not None]
        ids, parents = [old.id for old in changed], sorted(plan.parents)
        parameters = {
            "changed_ids": ids,
            "changed_revisions": [old.revision for old in changed],
            "changed_nested": [old.nested_at for old in changed],
            "parent_ids": parents,
            "held_ids": [*ids, *parents],
            "held": len(ids) + len(parents),
        }
        try:
            row = self._session.one(queries.WRITE, **arrays, **parameters)
        except Conflict:  # another request has made a task of a UID, or what repeats a task
            return False
        return row.written == len(rows)


def _uids(contents: Contents) -> Iterator[str]:
    for record in contents.records:
        named = (named_uid(one, contents.keys) for one in record.ties)
        yield from (uid for uid in (record.uid, *named) if uid)


def _here(task: Mapping[str, Any]) -> Here:
    values = {name: task[name] for name in CONTENT}
    values["priority"] = Priority(values["priority"])
    if values["due_date"] is not None:
        values["due_date"] = date.fromisoformat(values["due_date"])
    values["due_at"] = _moment(values["due_at"])
    return Here(
        **{name: task[name] for name in ("id", "revision", "has_children", "is_followed")},
        nested_at=task["nested_at"] or 0,
        values=values,
        completed_at=_moment(task["completed_at"]),
        updated_at=datetime.fromisoformat(task["updated_at"]),
        created_at=datetime.fromisoformat(task["created_at"]),
        is_trashed=task["deleted"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
