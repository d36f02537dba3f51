"""Cells of a table that a spreadsheet would execute, made harmless, and as they were again.

A line of a cell that begins, after whatever blanks, with one of `= + - @` (or their wide forms) is
a formula for some program (OWASP, "CSV Injection"). So is what follows `;`, a tab or `|`, which are
separators where a comma is none: quotes do not help there. An apostrophe before it says that it is
text. A beginning that has apostrophes before it already gets one more, so that each cell can be
told from each other on the way back.
"""

import re

from backend.models.text import BLANK, IGNORABLE

# What some program takes for the end of a line, or of a cell.
_BREAKS = ";\t|\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b"
_BLANKS = rf"(?:(?![{_BREAKS}])[{BLANK}{IGNORABLE}])*+"
_BEGINNING = rf"(\A|[{_BREAKS}])"
_DANGEROUS = re.compile(rf"{_BEGINNING}(?='*+{_BLANKS}[{_FORMULA}])")
_NEUTRAL = re.compile(rf"{_BEGINNING}'(?='*+{_BLANKS}[{_FORMULA}])")


def neutral(cell: str) -> str:
    """The cell as it stands in a file."""
    return _DANGEROUS.sub(r"\1'", cell)


def restored(cell: str) -> str:
    """The cell as it was."""
    return _NEUTRAL.sub(r"\1", cell)
