"""Strict parsing of a JSON text (RFC 8259): what is wrong with it, and where."""

import math
import re
import sys
from collections.abc import Collection, Iterator
from decimal import Decimal
from json import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple

from backend.errors import FieldError, InvalidRequest, MalformedJson

MAX_MEMBERS = 100
"""Members of one object: more than any of ours has."""

MAX_DEPTH = 500
"""Arrays and objects inside of each other. What is ignored may be nested, too."""

MAX_VALUES = 10_000
"""Values of one text, all together: a batch of a hundred tasks has half as many."""

MAX_FLAWS = 100
_LARGEST = 2.0**64
"""Places that one answer names."""

# A whole string, or a character that structures what is around strings. Possessive: linear.
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_QUOTE = ord('"')
_SURROGATE = re.compile("[\ud800-\udfff]")

Path = tuple["Path", int | str] | None
"""Where a value is: the path of what contains it, and its index or name there."""


class Flaw(NamedTuple):
    """What is wrong with a value of well-formed JSON."""

    message: str
    code: str


class _FlawFound(Exception):
    """Stops the decoding; the text is then decoded again to find the place."""


_OUT_OF_RANGE = Flaw("must be a number that 64 bits hold (below 1.8e308)", "number_out_of_range")
_TOO_MANY_MEMBERS = Flaw(f"must have at most {MAX_MEMBERS} members", "too_many_members")
_REPEATED = Flaw("must have each name only once", "duplicate_name")
_NUL = Flaw("must not contain NUL (U+0000)", "nul")
_LONE_SURROGATE = Flaw("must not contain a surrogate without its other half", "surrogate")
_TOO_MANY_VALUES = FieldError(
    "body", f"must have at most {MAX_VALUES} values together", "too_many_values"
)
_BLANK = FieldError("body", "must be a JSON value, not white space alone", "blank")


def parse_json(body: bytes, names: Collection[str] = ()) -> Any:
    """The value of a text in UTF-8. Raises MalformedJson, and InvalidRequest for good JSON that no
    request needs; `names` are those that its places may be called by, for a client's own are not
    repeated.
    """
    try:
        _require_bounds(body)
        value = _STRICT.decode(body.decode())
    except _FlawFound:
        raise _invalid(_LOCATING.decode(body.decode()), names) from None
    except ValueError as error:
        raise _malformed(body, error) from error
    # Only an escape brings what no text column can hold; whatever stands for itself is UTF-8.
    if b"\\u" in body and any(_flaws(value)):
        raise _invalid(value, names)
    return value


def _malformed(body: bytes, error: ValueError) -> InvalidRequest:
    if not body.strip(b" \t\r\n"):
        return InvalidRequest(errors=(_BLANK,))
    if isinstance(error, JSONDecodeError | UnicodeDecodeError):
        return MalformedJson()
    digits = sys.get_int_max_str_digits()  # int() refuses more
    return MalformedJson(f"An integer may have at most {digits} digits.")


def _require_bounds(body: bytes) -> None:
    """Refuse, before parsing, what would take long: a megabyte of `[],` takes a second."""
    opened = body.count(b"[") + body.count(b"{")
    if opened <= MAX_DEPTH and opened + body.count(b",") < MAX_VALUES:
        return
    depth = values = strings = 0
    for mark in _MARK.finditer(body):
        kind = body[mark.start()]
        strings += kind == _QUOTE
        values += kind in b"[{,"
        depth += (kind in b"[{") - (kind in b"]}")
        if depth > MAX_DEPTH:
            raise MalformedJson(f"Arrays and objects may be nested {MAX_DEPTH} deep at most.")
        if values >= MAX_VALUES or strings > 2 * MAX_VALUES:  # a name and a text for each
            raise InvalidRequest(errors=(_TOO_MANY_VALUES,))


def _not_json(text: str) -> Any:
    raise JSONDecodeError("NaN and Infinity are not JSON", text, 0)


def _number(text: str) -> float | Flaw:
    """An exact integer, also from `1.0` and `1e0` (JSON Schema 2020-12, 6.1.1)."""
    number = float(text)
    if not math.isfinite(number):
        return _OUT_OF_RANGE
    if number.is_integer() and abs(number) <= _LARGEST:
        exact = Decimal(text)
        return int(exact) if exact == exact.to_integral_value() else number
    return number


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Flaw:
    if len(pairs) > MAX_MEMBERS:
        return _TOO_MANY_MEMBERS
    members = dict(pairs)
    return members if len(members) == len(pairs) else _REPEATED


def _strict_number(text: str) -> float:
    number = _number(text)
    if isinstance(number, Flaw):
        raise _FlawFound
    return number


def _strict_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = _members(pairs)
    if isinstance(members, Flaw):
        raise _FlawFound
    return members


_STRICT = JSONDecoder(
    parse_constant=_not_json, parse_float=_strict_number, object_pairs_hook=_strict_members
)
_LOCATING = JSONDecoder(parse_constant=_not_json, parse_float=_number, object_pairs_hook=_members)
"""Puts a Flaw where a value is wrong."""


def _invalid(value: Any, names: Collection[str]) -> InvalidRequest:
    errors = [FieldError(_place(path, names), *flaw) for path, flaw in _flaws(value)]
    return InvalidRequest(errors=tuple(dict.fromkeys(errors))[:MAX_FLAWS])


def _flaws(root: Any) -> Iterator[tuple[Path, Flaw]]:
    """Everything that is wrong, in no order. Not recursive: the text may be nested deeply."""
    pending: list[tuple[Path, Any]] = [(None, root)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            yield from _text_flaws(path, value)
        elif isinstance(value, list):
            pending += [((path, index), item) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            for name, member in value.items():
                yield from _text_flaws(path, name)
                pending.append(((path, name), member))
        elif isinstance(value, Flaw):
            yield path, value


def _text_flaws(path: Path, text: str) -> Iterator[tuple[Path, Flaw]]:
    if "\0" in text:
        yield path, _NUL
    if _SURROGATE.search(text):
        yield path, _LONE_SURROGATE


def _place(path: Path, names: Collection[str]) -> str:
    """A path such as `body.tags.0`, as far as its names are known."""
    parts: list[int | str] = []
    while path is not None:
        path, part = path
        parts.append(part)
    place = ["body"]
    for part in reversed(parts):
        if isinstance(part, str) and part not in names:
            break
        place.append(str(part))
    return ".".join(place)
