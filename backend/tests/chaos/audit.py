"""What the database holds, against what the clients were told."""

from collections import Counter, defaultdict
from typing import NamedTuple

from backend.tests.chaos.load import Load, Written
from backend.tests.chaos.world import World

Row = tuple[int, str, int | None, bool, int, bool]
ROWS = (
    'SELECT id, title, "order", deleted_at IS NOT NULL, revision, repeat_of IS NOT NULL '
    "FROM tasks WHERE user_id = %s"
)


class Audit(NamedTuple):
    """How many tasks are lost; how many tasks or revisions there are twice; and how many series,
    sub-tasks and orders are otherwise than they must be.
    """

    lost: int
    doubled: int
    astray: int


def _is_lost(task: Written, rows: list[Row]) -> bool:
    """Something that was acknowledged is not there, or not as it was acknowledged."""
    if task.id is None:
        return False
    for number, _, order, trashed, _, _ in rows:
        if number == task.id:
            return order not in task.orders or task.trashed not in {None, trashed}
    return True


def audit(world: World, load: Load) -> Audit:
    found: dict[str, list[Row]] = defaultdict(list)
    doubled = astray = 0
    with world.below() as execute:
        for owner in load.owners:
            rows: list[Row] = execute(ROWS, owner)
            doubled += len(rows) - len(Counter(row[4] for row in rows))
            for row in rows:
                if not row[5]:  # what follows a task has its title
                    found[row[1]].append(row)
        for client in load.clients:
            wrong, twice = client.household.audit(execute)
            astray, doubled = astray + wrong, doubled + twice
    doubled += sum(len(rows) - 1 for rows in found.values())
    lost = sum(_is_lost(task, found[task.title]) for task in load.tasks)
    return Audit(lost, doubled, astray)
