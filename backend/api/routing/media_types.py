"""Media types as RFC 9110, 8.3.1 defines them, and those that a body may have."""

import re
from functools import lru_cache

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PATCHES = f"{JSON}, {MERGE_PATCH}"
"""What PATCH takes, for `Accept-Patch` (RFC 5789, 3.1)."""

_UTF_8 = {"utf-8", "utf8"}  # both are labels of it (WHATWG Encoding, 4.2)
# A token, as the RFC calls it.
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
# Possessive: where no parameter follows, spaces before and after a `;` are the same spaces.
_PARAMETER = rf"[ \t]*+;[ \t]*+(?:({_WORD})=({_WORD}|{_QUOTED}))?+"
_EACH_PARAMETER = re.compile(_PARAMETER)
_MEDIA_TYPE = re.compile(rf"({_WORD}/{_WORD})((?:{_PARAMETER})*+)[ \t]*")


@lru_cache(maxsize=64)
def text_type(content_type: str) -> str | None:
    """The media type, in lower case, of a Content-Type that allows for UTF-8; else None.

    JSON has no `charset` (RFC 8259, 11), but clients send one. Other parameters mean nothing.
    """
    match = _MEDIA_TYPE.fullmatch(content_type)
    if match is None:
        return None
    parameters = _EACH_PARAMETER.findall(match[2])
    charsets = {_unquoted(value).lower() for key, value in parameters if key.lower() == "charset"}
    return match[1].lower() if charsets <= _UTF_8 else None


def is_json(content_type: str, *, patch: bool) -> bool:
    """Whether this Content-Type says JSON in UTF-8; a merge patch is JSON where `patch` is true."""
    name = text_type(content_type)
    return name == JSON or (patch and name == MERGE_PATCH)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
