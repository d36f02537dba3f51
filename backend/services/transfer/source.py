"""The bytes of a file, as lines or as characters, within bounds."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
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

    `zone` is where times without one are. `max_lines` bounds what costs time and makes no task.
    """

    stream: BinaryIO
    zone: ZoneInfo
    max_lines: int | None = None

    def raw_lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line with its number, from 1, and with its line break."""
        number = 0
        while line := self.stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                message = f"must have at most {MAX_LINE} bytes in a line"
                raise Unreadable(number, message, "line_too_long")
            if self.max_lines is not None and number > self.max_lines:
                message = f"must have at most {self.max_lines} lines"
                raise Unreadable(number, message, "too_many_lines")
            yield number, line.removeprefix(_BOM) if number == 1 else line

    def lines(self) -> Iterator[tuple[int, str]]:
        """The same as text."""
        for number, line in self.raw_lines():
            yield number, decoded(number, line)

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
