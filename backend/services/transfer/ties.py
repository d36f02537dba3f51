"""Which task of a file is a part of which, and which one it repeats: named there by UIDs.

The rule that sub-tasks have none themselves is that of specs/010-repeat-nest-move/subtasks.md.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Optional, Union

from backend.services.transfer.reading import Contents
from backend.services.transfer.record import Lost, Named, Record


class Here(NamedTuple):
    """A task that is here already. `nested_at`: the revision at which it last got a sub-task."""

    id: int
    revision: int
    nested_at: int
    values: Mapping[str, Any]
    completed_at: datetime | None
    updated_at: datetime
    created_at: datetime
    is_trashed: bool
    has_children: bool
    is_followed: bool

    @property
    def parent_id(self) -> int | None:
        parent_id: int | None = self.values["parent_id"]
        return parent_id


@dataclass(eq=False)
class Row:
    """A task that is to be written. `old`: as it is here, if it is. `number`: its place, from 1."""

    record: Record
    values: Mapping[str, Any]
    old: Here | None = None
    before: Union[int, "Row", None] = None
    """The task that it repeats."""
    number: int = 0
    gains: bool = field(default=False, init=False)
    """Whether it gets sub-tasks, and was here before."""
    steps: int = field(default=0, init=False)
    """How many new tasks are before it, of which each repeats the one before."""
    _first: Optional["Row"] = field(default=None, init=False)

    def __post_init__(self) -> None:
        if isinstance(self.before, Row):
            self._first, self.steps = self.before.first, self.before.steps + 1

    @property
    def first(self) -> "Row":
        """The first of these, or itself. It keeps no reference to itself, which only the garbage
        collector could free.
        """
        return self._first or self

    @property
    def parent(self) -> Union[int, "Row", None]:
        parent: int | Row | None = self.values["parent_id"]
        return parent


Spot = int | Row
"""A task that is here, by its id, or one that is to be made."""


def in_order(
    records: Iterable[Record], uids: Container[str], keys: Mapping[str, str]
) -> Iterator[Record]:
    """The records, each after those that it names, if these are among `uids`.

    Those that name each other in a circle come last.
    """
    done, waiting = set[str](), defaultdict[str, list[Record]](list)

    def awaited(record: Record) -> str | None:
        named = (named_uid(one, keys) for one in record.ties)
        return next((uid for uid in named if uid in uids and uid not in done), None)

    for record in records:
        ready = [record]
        while ready:
            one = ready.pop()
            uid = awaited(one)
            if uid is not None:
                waiting[uid].append(one)
                continue
            yield one
            done.add(one.uid or "")
            ready += reversed(waiting.pop(one.uid or "", ()))
    for circle in waiting.values():
        yield from circle


def named_uid(named: Named, keys: Mapping[str, str]) -> str | None:
    """The UID of a task that is named, if the file has it or says it."""
    return named.uid or keys.get(named.key or "")


class Ties:
    """What the tasks of a file, placed one after the other in order, are parts of, and repeat."""

    def __init__(self, contents: Contents, uids: Container[str], here: Mapping[str, Here]) -> None:
        """`uids`: those of these contents, without what the file has before and after them."""
        self._here, self._uids, self._keys = here, uids, contents.keys
        self._earlier = contents.earlier
        self._placed: dict[str, Spot] = {}
        self._above: dict[str, Spot | None] = {}
        self._followed: set[Spot] = set()

    def place(self, uid: str, spot: Spot, parent: Spot | None) -> None:
        """From now on others can name this task, which is out of the trash."""
        self._placed[uid], self._above[uid] = spot, parent

    def parent(
        self, record: Record, here: Here | None, lose: Callable[[Lost], None]
    ) -> Mapping[str, Spot | None]:
        """The `parent_id` that it is to have; nothing where it keeps its own."""
        if "parent_id" not in record.values:
            return {}
        if record.parent is None:
            return {"parent_id": None}
        uid = named_uid(record.parent, self._keys) or ""
        top, is_nested = self._top(uid)
        if top is None or (here is not None and here.has_children):
            lose(Lost.PARENT)
            return {}
        if is_nested:
            lose(Lost.NESTED)
        return {"parent_id": top}

    def _top(self, uid: str) -> tuple[Spot | None, bool]:
        """The topmost task above one that is named, or itself; and whether it is another."""
        if uid in self._uids:
            above = self._above.get(uid)
            return above or self._placed.get(uid), above is not None
        here = self._here.get(uid)
        if here is None or here.is_trashed:
            return (self._unmade(uid) if here is None else None), False
        return here.parent_id or here.id, here.parent_id is not None

    def _unmade(self, uid: str) -> Row | None:
        """A task that would be here by now."""
        return Row(Record(0), {"parent_id": None}) if uid in self._earlier else None

    def before(self, record: Record, lose: Callable[[Lost], None]) -> Spot | None:
        """The task that a new one repeats: no task is repeated twice."""
        if record.repeat_of is None:
            return None
        uid = named_uid(record.repeat_of, self._keys) or ""
        here = self._here.get(uid)
        spot = here.id if here is not None else self._placed.get(uid) or self._unmade(uid)
        if spot is None or spot in self._followed or (here is not None and here.is_followed):
            lose(Lost.SERIES)
            return None
        self._followed.add(spot)
        return spot
