"""JSON values of a file, one after the other, never the whole of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from backend.services.transfer.record import Unreadable
from backend.services.transfer.source import Source

MAX_VALUE = 196_608
"""Characters of one value. A task has 150,000 at the most, however it is escaped."""

_SPACE = re.compile(r"[ \t\r\n]*+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
_DECODER = json.JSONDecoder()


class JsonText:
    """A place in the text of a file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pieces = source.characters()
        self._window = ""
        self._at = 0
        self._is_whole = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            self._fill()
            space = _SPACE.match(self._window, self._at)
            self._pass(space.end() if space else self._at)
            if self._at < len(self._window) or self._is_whole:
                return self._window[self._at : self._at + 1]

    def take(self, character: str) -> bool:
        """Pass the next character if it is this one."""
        is_it = self.peek() == character
        if is_it:
            self._at += 1
        return is_it

    def require(self, character: str) -> None:
        if not self.take(character):
            raise self.malformed()

    def value(self) -> Any:
        """The next value. Raises Unreadable if it is none, or too much of one."""
        self.peek()
        self.look_at()
        window = self._window
        try:
            value, end = _DECODER.raw_decode(window, self._at)
        except RecursionError:
            raise Unreadable(self.line, "must not be nested so deeply", "too_deep") from None
        except ValueError:
            if len(window) - self._at >= MAX_VALUE and not self._is_whole:
                raise self._too_long() from None
            raise self.malformed() from None
        if end - self._at > MAX_VALUE:
            raise self._too_long()
        self._pass(end)
        return value

    def look_at(self) -> None:
        """Count what comes next. Raises Unreadable where there is too much."""
        self._source.look_at(self.line)

    def malformed(self) -> Unreadable:
        return Unreadable(self.line, "must be JSON (RFC 8259)", "malformed_json")

    def _too_long(self) -> Unreadable:
        message = f"must have at most {MAX_VALUE} characters in one value"
        return Unreadable(self.line, message, "value_too_long")

    def _pass(self, end: int) -> None:
        self.line += self._window.count("\n", self._at, end)
        self._at = end

    def _fill(self) -> None:
        """Have a whole value before us, unless the text ends."""
        if self._is_whole or len(self._window) - self._at >= MAX_VALUE:
            return
        parts = [self._window[self._at :]]
        size = len(parts[0])
        while size < 2 * MAX_VALUE and not self._is_whole:
            piece = next(self._pieces, None)
            self._is_whole = piece is None
            parts.append(piece or "")
            size += len(parts[-1])
        self._window, self._at = "".join(parts), 0


def values(text: JsonText) -> Iterator[tuple[int, Any]]:
    """The items of an array, or values one after the other (JSON Lines), each with its line."""
    is_array = text.take("[")
    if is_array and text.take("]"):
        yield from ()
    else:
        while is_array or text.peek():
            text.peek()
            line = text.line
            yield line, text.value()
            has_more = text.take(",")
            if is_array and not has_more:
                text.require("]")
                break
    if text.peek():
        raise text.malformed()


def members(text: JsonText) -> Iterator[str]:
    """The names of an object; after each, whoever asks takes its value."""
    text.require("{")
    if text.take("}"):
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise text.malformed()
        text.require(":")
        yield name
        if not text.take(","):
            text.require("}")
            return


def items(text: JsonText) -> Iterator[int]:
    """The lines at which the items of an array begin; whoever asks takes each."""
    text.require("[")
    if text.take("]"):
        return
    while True:
        text.peek()
        text.look_at()
        yield text.line
        if not text.take(","):
            text.require("]")
            return
