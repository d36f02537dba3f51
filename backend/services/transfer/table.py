"""Tables in text: CSV as RFC 4180 and as spreadsheets of any country write it."""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from backend.services.transfer.record import Unreadable
from backend.services.transfer.source import Source

MAX_CELL = 131_072
"""Characters of one cell (`csv.field_size_limit`): a description has 10,000."""

MAX_LINES_BEFORE = 100
"""Lines that may stand before the header. TickTick has six."""

MAX_COLUMNS = 1000
"""Programs write some twenty."""

DELIMITERS = ",;\t"


class Row(NamedTuple):
    """The cells of a row by the names of their columns; `line` is where it begins.

    The first column of a name counts. `has_more`: text in another one, or beyond the header.
    """

    line: int
    cells: dict[str, str]
    has_more: bool


def rows(source: Source, known: Sequence[str]) -> Iterator[Row]:
    """The rows below the header, which is the first line with one of the known columns.

    Names are compared without regard to case. What stands before the header is passed over, and so
    are rows without any text. Raises Unreadable.
    """
    lines = _Lines(source)
    header = _header(lines, known)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=False)
    begins = lines.number + 1
    while (cells := _next(reader, lines)) is not None:
        if lines.are_over:  # the reader asked for more to end this row
            message = "must end the cell that is quoted: the file may have been cut"
            raise Unreadable(begins, message, "unfinished")
        if any(cell.strip() for cell in cells):
            source.look_at(begins)
            yield _row(begins, header.names, cells)
        begins = lines.number + 1


def _row(line: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    found, has_more = dict[str, str](), any(cell.strip() for cell in cells[len(names) :])
    for name, cell in zip(names, cells, strict=False):
        if name not in found:
            found[name] = cell
        elif cell.strip():
            has_more = True
    return Row(line, found, has_more)


class _Header(NamedTuple):
    names: list[str]
    delimiter: str


class _Lines:
    """The lines of a source, with the number of the last one."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self.number = 0
        self.are_over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            self.number, line = next(self._lines)
        except StopIteration:
            self.are_over = True
            raise
        return line


def _header(lines: _Lines, known: Sequence[str]) -> _Header:
    wanted = {name.lower() for name in known}
    for line in islice(lines, MAX_LINES_BEFORE):
        for delimiter in DELIMITERS:
            cells = _next(csv.reader([line], delimiter=delimiter), lines) or []
            names = [name.strip().lower() for name in cells]
            if wanted & set(names) and (
                len(names) > 1 or delimiter == DELIMITERS[-1] or line.strip().lower() in wanted
            ):
                return _Header(_bounded(names, lines.number), delimiter)
    message = f"must have a line with the names of its columns, one of them: {', '.join(known)}"
    raise Unreadable(max(lines.number, 1), message, "no_header")


def _bounded(names: list[str], line: int) -> list[str]:
    if len(names) > MAX_COLUMNS:
        message = f"must have at most {MAX_COLUMNS} columns"
        raise Unreadable(line, message, "too_many_columns")
    return names


def _next(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error:
        message = f"must be CSV (RFC 4180), with at most {MAX_CELL} characters in a cell"
        raise Unreadable(max(lines.number, 1), message, "malformed_csv") from None
