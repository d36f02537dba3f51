"""A statement, the type of its rows, and whether it may be sent again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Executable

from backend.queries.slots import Part

Row = TypeVar("Row")


@dataclass(frozen=True, eq=False)
class Statement(Generic[Row]):
    """SQL that answers with rows of one type.

    `is_repeatable`: sent twice it does what it does once, so a lost connection can be retried.
    """

    build: Callable[[], Executable]
    """Called once, when it is first needed: a start builds none."""

    row: type[Row]
    is_repeatable: bool = True
    slots: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    """What fills those of the executable (`slots.py`)."""

    @cached_property
    def executable(self) -> Executable:
        return self.build()


class RevisionRow(NamedTuple):
    """How far an owner has come."""

    revision: int


class TaskRow(NamedTuple):
    """A task as JSON, with what its headers need."""

    json: str
    revision: int
    url: str


class WriteRow(NamedTuple):
    """The task after a write, or nulls: then `found` tells a missing task from a changed one.

    `seed`: nothing was written, for it would complete a repeating task; what follows is to be
    computed from this. `is_misplaced`: nothing was written, for it cannot be put under its
    new parent.

    `is_stale`: others wrote while the statement waited for them, so it saw a state that is gone,
    and wrote nothing. Sent again, it sees theirs.
    """

    json: str | None
    revision: int
    url: str
    found: bool
    is_stale: bool
    seed: str | None
    is_misplaced: bool


class ChildRow(NamedTuple):
    """A new sub-task, or nulls: then `fits` tells a lost race from a parent that is none."""

    json: str | None
    revision: int
    url: str
    fits: bool


class MoveRow(NamedTuple):
    """As WriteRow. `is_crowded`: there is no number between the neighbours."""

    json: str | None
    revision: int
    url: str
    found: bool
    is_stale: bool
    has_anchor: bool
    is_crowded: bool


class SeedRow(NamedTuple):
    """What the next task of a series is computed from, as JSON; null for no task."""

    seed: str | None


class KeyedRow(NamedTuple):
    """The task of an idempotency key, and what its first use was for; nulls if a race was lost."""

    json: str | None
    revision: int
    url: str
    first_fingerprint: str | None
    fits: bool = True
    """Whether its parent can have sub-tasks."""


class PageRow(NamedTuple):
    """The owner's revision, the number of all matches, the tasks with SEPARATOR between, and their
    number.
    """

    revision: int
    total: int | None
    json: str | None
    number: int


class ChangesRow(NamedTuple):
    """The owner's revision and horizon, and the changes with SEPARATOR between."""

    revision: int
    horizon: int
    json: str | None


class BatchRow(NamedTuple):
    """What became of the operations, or what the key's first use was for.

    `outcomes` are their statuses with commas between, 0 for what is right, and others of
    `batch_operations.py`. `seeds`: from what the tasks that follow are to be computed.
    `json` are the tasks likewise, empty for what is deleted; null where nothing is done. `written`
    is the number of tasks.
    """

    outcomes: str | None
    json: str | None
    written: int
    seeds: str | None = None
    first_fingerprint: str | None = None
    first_answer: str | None = None


class JsonRow(NamedTuple):
    """A task as JSON."""

    json: str


class ImportedRow(NamedTuple):
    """The number of tasks that were written, all of the import or none; and of parents that are
    not among them.
    """

    written: int
    touched: int


class SummaryRow(NamedTuple):
    """The numbers of a list; `none` to `high` are open tasks by priority.

    `next_due`: when the next open task is due. `tags`: JSON objects with commas between, or null.
    """

    revision: int
    open: int
    completed: int
    overdue: int
    due_today: int
    trash: int
    none: int
    low: int
    medium: int
    high: int
    next_due: datetime | None
    tags: str | None


class MovedRow(NamedTuple):
    """How many tasks a batch moved, of how many that matched, and the last of these."""

    moved: int
    matched: int
    last_id: int | None


class OwnerCountRow(NamedTuple):
    """A number of rows of one owner."""

    owner: int
    number: int


class PositionRow(NamedTuple):
    """How far an owner has come."""

    owner: int
    revision: int


class KeyRow(NamedTuple):
    """The one column that names a removed row within its owner."""

    key: int | str


class FoldedRow(NamedTuple):
    """A task's searched text, and what the search has of it."""

    id: int
    revision: int
    title: str
    description: str | None
    title_folded: str
    description_folded: str


class MomentRow(NamedTuple):
    """A moment by the database's clock."""

    moment: datetime
