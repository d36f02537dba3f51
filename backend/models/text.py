"""Text as it is stored and compared: Unicode's forms, and what nobody can see."""

import re
import unicodedata

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


def normalised(text: str) -> str:
    """Text as it is stored: in NFC (Unicode Standard Annex 15)."""
    return unicodedata.normalize("NFC", text)


def is_visible(text: str) -> bool:
    """Whether a reader can see anything of it."""
    return _VISIBLE.search(text) is not None


def folded(text: str) -> str:
    """Text as a search compares it, the same for all spellings of a word.

    Compatibility caseless matching (Unicode 3.13, D146), without ignorable characters, and with
    one i: Turkish and Azerbaijani write İ/i and I/ı, others I/i, and a search knows no language.
    """
    decomposed = unicodedata.normalize("NFD", text).casefold()
    compatible = unicodedata.normalize("NFKD", decomposed).casefold()
    bare = unicodedata.normalize("NFKD", _IGNORED.sub("", compatible)).replace("ı", "i")
    return unicodedata.normalize("NFC", _DOTTED.sub(r"i\1", bare))
