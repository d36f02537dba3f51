"""What the database holds, against what the clients were told."""

from collections import Counter, defaultdict

from backend.tests.chaos.load import Load, Written
from backend.tests.chaos.world import World

Row = tuple[int, str, int | None, bool, int]
ROWS = 'SELECT id, title, "order", deleted_at IS NOT NULL, revision FROM tasks WHERE user_id = %s'


def _is_lost(task: Written, rows: list[Row]) -> bool:
    """Something that was acknowledged is not there, or not as it was acknowledged."""
    if task.id is None:
        return False
    for number, _, order, trashed, _ in rows:
        if number == task.id:
            return order not in task.orders or task.trashed not in {None, trashed}
    return True


def audit(world: World, load: Load) -> tuple[int, int]:
    """How many tasks are lost, and how many tasks or revisions there are twice."""
    found: dict[str, list[Row]] = defaultdict(list)
    doubled = 0
    with world.below() as execute:
        for owner in load.owners:
            rows: list[Row] = execute(ROWS, owner)
            doubled += len(rows) - len(Counter(row[4] for row in rows))
            for row in rows:
                found[row[1]].append(row)
    doubled += sum(len(rows) - 1 for rows in found.values())
    return sum(_is_lost(task, found[task.title]) for task in load.tasks), doubled
