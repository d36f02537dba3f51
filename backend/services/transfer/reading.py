"""Reads a file of any format to its end, or to what is wrong with it."""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from backend.services.transfer.fitting import digest, fit, identity
from backend.services.transfer.record import Entry, Flaw, Leftover, Lost, Record, Unreadable
from backend.services.transfer.source import Source

MAX_FLAWS = 100
"""Flaws that are told; the reading ends with them."""

MAX_LINES_TOLD = 10

Reader = Callable[[Source], Iterator[Entry]]


class Tally:
    """How often what was left out, and the first lines of each."""

    def __init__(self, lost: Iterable[tuple[int, Lost]] = ()) -> None:
        self.counts: Counter[Lost] = Counter()
        self.lines: dict[Lost, list[int]] = {}
        for line, what in lost:
            self.add(what, line)

    def add(self, what: Lost, line: int) -> None:
        self.counts[what] += 1
        lines = self.lines.setdefault(what, [])
        insort(lines, line)
        del lines[MAX_LINES_TOLD:]

    def add_all(self, more: "Tally") -> None:
        """Count what else of the same file was left out."""
        self.counts += more.counts
        for what, lines in more.lines.items():
            kept = self.lines.setdefault(what, [])
            kept[:] = sorted([*kept, *lines])[:MAX_LINES_TOLD]


@dataclass
class Contents:
    """What a file holds: tasks, each with a UID of its own; what is left out, and what is wrong.

    `uids`: those of all tasks of the file so far; `keys`: the UIDs of those that have a `key`;
    `earlier`: UIDs of tasks of earlier parts, where a dry run has not made them.
    """

    records: list[Record] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    flaws: list[Flaw] = field(default_factory=list)
    uids: AbstractSet[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    earlier: Container[str | None] = ()


class Reading:
    """One pass through a file."""

    def __init__(self, reader: Reader, source: Source) -> None:
        self._entries = reader(source)
        self._equal: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._keys: dict[str, str] = {}

    def take(self, number: int) -> Contents:
        """The next tasks, so many at the most; none at the end of the file."""
        contents = Contents(uids=self._seen, keys=self._keys)
        while len(contents.records) < number and len(contents.flaws) < MAX_FLAWS:
            try:
                entry = next(self._entries, None)
            except Unreadable as end:
                contents.flaws.append(end.flaw)
                self._entries = iter(())
                break
            if entry is None:
                break
            self._sort_in(entry, contents)
        return contents

    def _sort_in(self, entry: Entry, contents: Contents) -> None:
        if isinstance(entry, Flaw):
            contents.flaws.append(entry)
        elif isinstance(entry, Leftover):
            contents.tally.add(entry.what, entry.line)
        elif isinstance(flaw := fit(entry), Flaw):
            contents.flaws.append(flaw)
        elif flaw is not None:
            contents.tally.add(flaw, entry.line)
        elif self._is_new(entry):
            contents.records.append(entry)
            for what in entry.lost:
                contents.tally.add(what, entry.line)
        else:
            contents.tally.add(Lost.DUPLICATE, entry.line)

    def _is_new(self, record: Record) -> bool:
        """Give it a UID if it has none; false if another task had the same."""
        if record.uid is None:
            uid = identity(record)
            self._equal[uid] += 1
            record.uid = uid if self._equal[uid] == 1 else digest(f"{uid} {self._equal[uid]}")
        is_new = record.uid not in self._seen
        self._seen.add(record.uid)
        if record.key is not None:
            self._keys.setdefault(record.key, record.uid)
        return is_new
