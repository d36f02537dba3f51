"""Numbers of all processes of the service, in memory that they share: one scrape shows them all.

To add one costs a tenth of a microsecond, without a lock: each process writes its own row, on the
thread of its event loop, and whoever is asked adds the rows up (specs/decisions/0105).
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from mmap import mmap
from typing import Final

WIDTH: Final = 32_768
"""Numbers of a process, 8 bytes each; the system gives memory to those that are used."""

OTHER: Final = "other"
"""The value of a label for whatever is not known beforehand: clients can make no new ones."""


Row = Sequence[float]
"""The numbers of one process, by their cell."""


class Cells:
    """A row of numbers for each process. The rows of processes that ended keep what they counted.

    Made before processes are forked: the memory is anonymous, so it leaves nothing behind.
    """

    def __init__(self) -> None:
        self._reserved = 0
        self._passing: list[range] = []
        self.share(1)

    def share(self, processes: int) -> None:
        """Begin anew, with a row for each process; this one has the first."""
        self._memory = mmap(-1, processes * WIDTH * 8)
        self._numbers = memoryview(self._memory).cast("d")
        self._processes = processes
        self.own = self._numbers[:WIDTH]

    def take(self, process: int) -> None:
        """Write to the row of this number, in which an earlier process may have counted.

        What only held while that one lived is gone with it.
        """
        self.own = self._numbers[process * WIDTH : (process + 1) * WIDTH]
        for cells in self._passing:
            for cell in cells:
                self.own[cell] = 0.0

    def reserve(self, number: int, *, passing: bool = False) -> int:
        """The first of so many cells; `passing` if they mean nothing once their process is gone."""
        first = self._reserved
        if first + number > WIDTH:
            raise ValueError("more numbers than WIDTH")
        self._reserved += number
        if passing:
            self._passing.append(range(first, self._reserved))
        return first

    def rows(self) -> list[Row]:
        """What all processes have counted until now, cell by cell."""
        rows: list[Row] = []
        for process in range(self._processes):
            row = array("d")
            row.frombytes(self._numbers[process * WIDTH :][: self._reserved].tobytes())
            rows.append(row)
        return rows


CELLS = Cells()
Merge = Callable[[Iterable[float]], float]


class Counter:
    """What only grows; by the values of one label, which are known beforehand."""

    def __init__(self, label: str = "", values: Iterable[str] = ()) -> None:
        self.label = label
        self._values = (*values, OTHER) if label else ("",)
        first = CELLS.reserve(len(self._values))
        self._cells = {value: first + place for place, value in enumerate(self._values)}
        self._rest = first + len(self._values) - 1

    def add(self, value: str = "", by: float = 1.0) -> None:
        CELLS.own[self._cells.get(value, self._rest)] += by

    def totals(self, rows: list[Row]) -> Mapping[str, float]:
        """By value of the label; `other` only where there was something else."""
        totals = {value: sum(row[cell] for row in rows) for value, cell in self._cells.items()}
        return {value: total for value, total in totals.items() if total or value != OTHER}


class Gauge:
    """What goes up and down, and ends with its process."""

    def __init__(self, label: str = "", values: Iterable[str] = (), merge: Merge = sum) -> None:
        self.label = label
        self._values = tuple(values) or ("",)
        first = CELLS.reserve(len(self._values), passing=True)
        self._cells = {value: first + place for place, value in enumerate(self._values)}
        self._merge = merge

    def add(self, by: float, value: str = "") -> None:
        CELLS.own[self._cells[value]] += by

    def set(self, number: float) -> None:
        CELLS.own[self._cells[""]] = number

    def raise_to(self, number: float) -> None:
        """Never lower than it was."""
        cell = self._cells[""]
        CELLS.own[cell] = max(CELLS.own[cell], number)

    def totals(self, rows: list[Row]) -> Mapping[str, float]:
        return {
            value: self._merge(row[cell] for row in rows) for value, cell in self._cells.items()
        }
