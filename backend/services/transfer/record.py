"""A task between a file and the database: what all formats are read into."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Lost(StrEnum):
    """What a file may hold and a task cannot."""

    ATTACHMENT = "attachment"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    DUE = "due"
    DUPLICATE = "duplicate"
    EMPTY = "empty"
    EXCEPTION = "exception"
    LINK = "link"
    LIST = "list"
    LONG_DESCRIPTION = "long_description"
    LONG_TITLE = "long_title"
    NESTED = "nested"
    NO_TASK = "no_task"
    OTHER = "other"
    PARENT = "parent"
    PATTERN = "pattern"
    PERSON = "person"
    PLACE = "place"
    PROGRESS = "progress"
    REMINDER = "reminder"
    REPEAT = "repeat"
    SERIES = "series"
    START = "start"
    TAGS = "tags"


MESSAGES = {
    Lost.ATTACHMENT: "Attachments are left out.",
    Lost.CANCELLED: "A cancelled task is taken for a completed one.",
    Lost.DELETED: "Tasks that were deleted there are left out.",
    Lost.DUE: "When the task is due could not be understood; nothing was guessed.",
    Lost.DUPLICATE: "The file has another task of the same UID before: this one is left out.",
    Lost.EMPTY: "A task without a title and without a description is left out.",
    Lost.EXCEPTION: "A single change of a repeating task is left out.",
    Lost.LINK: "Links beside the text are left out.",
    Lost.LIST: "Folders, columns and sections are left out; a list or project becomes a tag.",
    Lost.LONG_DESCRIPTION: "The description was longer than a task can have, and is cut.",
    Lost.LONG_TITLE: "A title that is too long is cut; the description begins with all of it.",
    Lost.NESTED: "Sub-tasks have none themselves: a deeper one is put under the topmost task.",
    Lost.NO_TASK: "What is no task (events, notes, sections) is left out.",
    Lost.OTHER: "Fields, and values of them, that this service does not know are left out.",
    Lost.PARENT: "What the task is a part of, or waits for, is left out: a new task stands alone.",
    Lost.PATTERN: "Of a repeating task only the last open one repeats; its pattern is left out.",
    Lost.PERSON: "People (who it is from, or for) are left out.",
    Lost.PLACE: "Places are left out.",
    Lost.PROGRESS: "Progress between 0 and 100 % is left out: the task is open.",
    Lost.REMINDER: "Reminders are left out.",
    Lost.REPEAT: "How the task repeats could not be carried over, or not all of it.",
    Lost.SERIES: "Which task it repeats is left out: that one is not there, or repeated already.",
    Lost.START: "When the task begins, or waits until, is left out.",
    Lost.TAGS: "Tags that are too long, invisible, or more than a task can have are left out.",
}  # fmt: skip


class Named(NamedTuple):
    """Another task: by its UID, or by what it is called in this file alone."""

    uid: str | None = None
    key: str | None = None


@dataclass
class Record:
    """One task of a file. `line` is where it begins; instants have a zone.

    `values` are columns of CONTENT, and only those of which the file says something: a task that is
    here already keeps the others. `parent_id` and `repeat_of` are Named, not numbers: ids differ
    from list to list. `key` is what only this file calls the task.
    """

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    uid: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    modified_at: datetime | None = None
    key: str | None = None
    repeat_of: Named | None = None
    lost: set[Lost] = field(default_factory=set)

    @property
    def parent(self) -> Named | None:
        """What it is a part of, if the file says so."""
        return self.values.get("parent_id")

    @property
    def ties(self) -> list[Named]:
        """The other tasks that it names."""
        return [named for named in (self.parent, self.repeat_of) if named is not None]


@dataclass(frozen=True)
class Flaw:
    """Something wrong with a file, where, and which field of the task it concerns."""

    line: int
    message: str
    code: str
    field: str = ""


@dataclass(frozen=True)
class Leftover:
    """Something of a file that became no task."""

    line: int
    what: Lost


Entry = Record | Flaw | Leftover


class Unreadable(Exception):
    """Ends the reading of a file: what follows cannot be understood."""

    def __init__(self, line: int, message: str, code: str) -> None:
        super().__init__(message)
        self.flaw = Flaw(line, message, code)
