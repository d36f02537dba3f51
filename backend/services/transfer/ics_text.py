"""Content lines of iCalendar (RFC 5545, 3.1), and their text.

The library folds and takes lines apart. Its components are not used: they hold the whole file,
expand the RRULEs of time zones, and its escaping loses backslashes (`C:\\new`, `\\N`).
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, NamedTuple

from icalendar.parser import Contentline, Parameters

from backend.services.transfer.record import Unreadable
from backend.services.transfer.source import MAX_LINE, Source, decoded

_SPECIAL = re.compile(r"[\\;,\n]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMA = re.compile(r"((?:[^\\,]|\\.)*+)(?:,|\Z)", re.DOTALL)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_FOLDED = 75
MAX_TEXTS = 1000
"""Of one list. A task has twenty tags."""

MAX_PARAMETERS = 100
"""Of one line. Programs write some three."""

_NAME = re.compile("[A-Za-z0-9-]+")
_HEAD = re.compile(r'([A-Za-z0-9-]+)(;(?:[^":]|"[^"]*")*+):')
_NO_PARAMETERS = Parameters()
_Content: Any = Contentline  # the library gives no types for it


class Line(NamedTuple):
    """A content line: where it begins, its name in capitals, parameters and raw value.

    Both are empty where nobody reads them.
    """

    number: int
    name: str
    parameters: Parameters
    value: str


def escaped(text: str) -> str:
    """TEXT (3.3.11), which has no control characters: they are left out."""
    bare = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPECIAL.sub(lambda match: "\\n" if match[0] == "\n" else f"\\{match[0]}", bare)


def unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def texts(value: str) -> list[str]:
    """The texts of a list, in which only a bare comma is a separator; those beyond a bound are
    left out (`MAX_TEXTS`).
    """
    parts = islice(_COMMA.finditer(value), min(value.count(",") + 1, MAX_TEXTS))
    return [unescaped(part[1]) for part in parts]


def folded(name: str, value: str) -> str:
    """A line as it stands in a file."""
    line = f"{name}:{value}"
    is_short = len(line) <= _FOLDED and line.isascii()
    return f"{line if is_short else _Content(line).to_ical().decode()}\r\n"


def content_lines(source: Source, read: Collection[str]) -> Iterator[Line]:
    """All lines, unfolded as bytes, for a fold may lie within a character. Raises Unreadable.

    Only those of the names in `read` are taken apart: it costs more than all else.
    """
    begun, parts, size = 0, list[bytes](), 0
    for number, raw in source.raw_lines():
        piece = raw.rstrip(b"\r\n")
        if piece[:1] in {b" ", b"\t"} and parts:
            parts.append(piece[1:])
            size += len(piece)
            if size > MAX_LINE:
                message = f"must have at most {MAX_LINE} bytes in a line"
                raise Unreadable(number, message, "line_too_long")
            continue
        if line := _line(begun, b"".join(parts), read):
            yield line
        begun, parts, size = number, [piece], len(piece)
    if line := _line(begun, b"".join(parts), read):
        yield line


def _line(number: int, raw: bytes, read: Collection[str]) -> Line | None:
    """None for an empty one, of which some programs write several."""
    text = decoded(number, raw)
    if not text.strip():
        return None
    name, colon, value = text.partition(":")
    if colon and _NAME.fullmatch(name):
        return Line(number, name.upper(), _NO_PARAMETERS, value)
    head = _HEAD.match(text)
    if (text if head is None else head[2]).count(";") > MAX_PARAMETERS:
        message = f"must have at most {MAX_PARAMETERS} parameters in a line"
        raise Unreadable(number, message, "too_many_parameters")
    if head is not None and (name := head[1].upper()) not in read:
        return Line(number, name, _NO_PARAMETERS, "")
    try:
        name, parameters, value = _Content(text).raw_parts()
    except ValueError:
        raise Unreadable(number, "must be iCalendar (RFC 5545)", "malformed_line") from None
    return Line(number, name.upper(), parameters, value)
