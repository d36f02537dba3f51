"""The bytes of a file, as lines or as characters, within bounds."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import BinaryIO
from zoneinfo import ZoneInfo

from backend.services.transfer.record import Unreadable

MAX_LINE = 262_144
"""Bytes of one line: a description of 10,000 characters has 120,000, however it is escaped."""

CHUNK = 65_536
_BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Source:
    """A file to be read once, from its beginning.

    `zone` is where times without one are. `max_lines` and `max_items` bound what costs time,
    whether it makes a task or not.
    """

    stream: BinaryIO
    zone: ZoneInfo
    max_lines: int | None = None
    max_items: int | None = None
    _looked_at: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def look_at(self, line: int) -> None:
        """Count a row, a component or a value. Raises Unreadable where there are too many."""
        if self.max_items is not None and next(self._looked_at) > self.max_items:
            message = (
                f"must have at most {self.max_items} rows or parts: split it, or use the command"
            )
            raise Unreadable(line, message, "too_many")

    def raw_lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line with its number, from 1, and with its line break."""
        return self._bounded(iter(lambda: self.stream.readline(MAX_LINE + 1), b""))

    def lines(self) -> Iterator[tuple[int, str]]:
        """The same as text. A carriage return alone ends a line, too ("CSV (Macintosh)")."""
        for number, line in self._bounded(self._ended_by_any()):
            yield number, decoded(number, line)

    def _ended_by_any(self) -> Iterator[bytes]:
        rest = b""
        while more := self.stream.readline(MAX_LINE + 1 - len(rest)):
            pieces = (rest + more).splitlines(keepends=True)
            rest = b"" if pieces[-1].endswith(b"\n") else pieces.pop()
            yield from pieces
        if rest:
            yield rest

    def _bounded(self, lines: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE:
                message = f"must have at most {MAX_LINE} bytes in a line"
                raise Unreadable(number, message, "line_too_long")
            if self.max_lines is not None and number > self.max_lines:
                message = f"must have at most {self.max_lines} lines"
                raise Unreadable(number, message, "too_many_lines")
            yield number, line.removeprefix(_BOM) if number == 1 else line

    def characters(self) -> Iterator[str]:
        """All of the text, in pieces."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        line = 1
        while chunk := self.stream.read(CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                raise _not_utf8(line) from None
            line += text.count("\n")
            yield text
        try:
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise _not_utf8(line) from None


def decoded(line: int, raw: bytes) -> str:
    """A line as text; raises Unreadable."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _not_utf8(line) from None


def _not_utf8(line: int) -> Unreadable:
    return Unreadable(line, "must be in UTF-8: save the file in this encoding", "encoding")
