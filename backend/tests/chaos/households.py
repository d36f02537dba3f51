"""What one client does with series, sub-tasks and an order; and whether the database agrees.

A task with a change of unknown outcome is left alone: that write may yet come.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

BOARDS = 10**9
"""Owners from here on have one writer each, who so knows their order; `cuts.py` has those below."""

ROWS = "SELECT id, completed, parent_id, repeat_of, deleted_at FROM tasks WHERE user_id = %s"
ORDER = 'SELECT id FROM tasks WHERE user_id = %s ORDER BY "order" NULLS LAST, id'
_SIZE = 4
Line = tuple[int, ...]
_NOBODY: Line = ()
Send = Callable[..., Any]
Rows = dict[int, tuple[Any, ...]]
Execute = Callable[..., list[tuple[Any, ...]]]


@dataclass
class Series:
    """A repeating task, whether it is completed (None if that is not known), and whether it was."""

    id: int
    completed: bool | None = False
    was_completed: bool = False


@dataclass
class Family:
    """A task with a sub-task, and whether both are in the trash; None if that is not known."""

    parent: int
    child: int
    trashed: bool | None = False


@dataclass
class Household:
    """Sends what one client wants, by a function that answers None where it is not told of it."""

    send: Send
    owner: int
    board: int
    series: list[Series] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    lines: list[Line] | None = field(default_factory=lambda: [_NOBODY])
    """Orders of the board that there may be; None if that is not known."""

    def act(self, number: int) -> None:
        (self._go_on, self._go_and_come_back, self._move)[number % 3](number)

    def _made(self, owner: int, **content: object) -> int | None:
        title = str(uuid4())
        made = self.send("POST", "", {"title": title, **content}, title, owner=owner)
        return made and int(made["id"])

    def _go_on(self, number: int) -> None:
        """Complete a repeating task, open it again, and complete it once more: it is one series."""
        task_id = self._made(self.owner, repeat="FREQ=DAILY", due_date="2026-11-30")
        if task_id is None:
            return
        series = Series(task_id)
        self.series.append(series)
        for completed in (True, False, True):
            series.completed = None
            path, body = f"/{task_id}/complete", {"completed": completed}
            if self.send("PATCH", path, body, owner=self.owner) is None:
                return
            series.completed = completed
            series.was_completed = True

    def _go_and_come_back(self, number: int) -> None:
        parent = self._made(self.owner)
        child = parent and self._made(self.owner, parent_id=parent)
        if not parent or not child:
            return
        family = Family(parent, child)
        self.families.append(family)
        for method, path, trashed in (("DELETE", "", True), ("POST", "/restore", False)):
            if number % 2 and not trashed:
                return
            family.trashed = None
            if self.send(method, f"/{parent}{path}", owner=self.owner) is None:
                return
            family.trashed = trashed

    def _move(self, number: int) -> None:
        if self.lines is None or len(self.lines) > 1:
            return
        [line] = self.lines
        if len(line) < _SIZE:
            task_id = self._made(self.board)
            self.lines = (task_id and [(*line, task_id)]) or None
            return
        task_id, others = line[number % _SIZE], [*line]
        others.remove(task_id)
        place = (number // _SIZE) % len(others)
        after = (*others[:place], task_id, *others[place:])
        self.lines = [line, after]
        if self.send("POST", f"/{task_id}/move", {"before": others[place]}, owner=self.board):
            self.lines = [after]

    def audit(self, execute: Execute) -> tuple[int, int]:
        """What is not as it was acknowledged, or as it must be; and what follows twice."""
        rows = {row[0]: row[1:] for row in execute(ROWS, self.owner)}
        following = [row[2] for row in rows.values() if row[2] is not None]
        times = {one.id: following.count(one.id) for one in self.series}
        astray = sum(_is_broken(one, rows, times[one.id]) for one in self.series)
        astray += sum(_is_apart(one, rows) for one in self.families)
        line = tuple(row[0] for row in execute(ORDER, self.board))
        astray += self.lines is not None and line not in self.lines
        return astray, sum(max(0, number - 1) for number in times.values())


def _is_broken(series: Series, rows: Rows, times: int) -> bool:
    if series.id not in rows:
        return True
    completed = rows[series.id][0]
    is_other = series.completed is not None and series.completed is not completed
    return is_other or (not times and (completed or series.was_completed))


def _is_apart(family: Family, rows: Rows) -> bool:
    parent, child = rows.get(family.parent), rows.get(family.child)
    if parent is None or child is None:
        return True
    is_there = parent[3] is None
    is_other = family.trashed is not None and family.trashed is is_there
    return is_other or parent[3] != child[3] or child[1] != family.parent
