"""Text as it is stored and compared: Unicode's forms, and what nobody can see."""

import re
import unicodedata
from functools import cache
from typing import Literal

# Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt): drawn as nothing at all.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# White_Space, controls, format characters that are not ignorable, and characters drawn as a blank.
BLANK = (
    "\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "\u0600-\u0605\u06dd\u070f\u0890-\u0891\u08e2\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U000e0001\u2800\U0001d159"
)
_IGNORED = re.compile(f"[{IGNORABLE}]")
_VISIBLE = re.compile(f"[^{IGNORABLE}{BLANK}]")
# A dot above an i, behind the marks that stand before it in canonical order (Unicode 3.11).
_DOTTED = re.compile("i([\u0316-\u0319\u031c-\u0320\u0323-\u0326\u0329-\u0333\u0328]*)\u0307")


_SHORT = 100
"""Characters whose marks may be out of order: `unicodedata` then takes the square of their number.

A body of one MiB, all of it such marks, takes 50 ms like this, and minutes if it were one run.
"""

Form = Literal["NFC", "NFD", "NFKD"]


def _in_form(form: Form, text: str) -> str:
    """`unicodedata.normalize` in linear time, whatever marks a client sends in whatever order."""
    if len(text) <= _SHORT or text.isascii():
        return unicodedata.normalize(form, text)
    if unicodedata.is_normalized(form, text):
        return text
    apart: Form = "NFKD" if form == "NFKD" else "NFD"
    ordered = _long_run(apart).sub(lambda run: _in_order(apart, run[0]), text)
    return unicodedata.normalize(form, ordered)


def _in_order(form: Form, run: str) -> str:
    """Marks, decomposed, in canonical order (Unicode 3.11, D109)."""
    marks = "".join(unicodedata.normalize(form, mark) for mark in run)
    return "".join(sorted(marks, key=unicodedata.combining))


@cache
def _long_run(form: Form) -> re.Pattern[str]:
    """More marks in a row than `_SHORT`: what is none but marks when it is decomposed."""
    marks = [
        character
        for character in map(chr, range(0x300, 0x20000))
        if all(map(unicodedata.combining, unicodedata.normalize(form, character)))
    ]
    return re.compile(f"[{''.join(marks)}]{{{_SHORT},}}")


def normalised(text: str) -> str:
    """Text as it is stored: in NFC (Unicode Standard Annex 15)."""
    return _in_form("NFC", text)


def is_visible(text: str) -> bool:
    """Whether a reader can see anything of it."""
    return _VISIBLE.search(text) is not None


def folded(text: str) -> str:
    """Text as a search compares it, the same for all spellings of a word.

    Compatibility caseless matching (Unicode 3.13, D146), without ignorable characters, and with
    one i: Turkish and Azerbaijani write İ/i and I/ı, others I/i, and a search knows no language.
    """
    decomposed = _in_form("NFD", text).casefold()
    compatible = _in_form("NFKD", decomposed).casefold()
    bare = _in_form("NFKD", _IGNORED.sub("", compatible)).replace("ı", "i")
    return _in_form("NFC", _DOTTED.sub(r"i\1", bare))
