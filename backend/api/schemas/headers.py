"""Conditional headers, and the one that makes a request safe to repeat."""

import re
from typing import Annotated

from fastapi import Header
from pydantic import AfterValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from backend.services.entity_tags import EntityTags

_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_TAGS = re.compile(rf"[\t ,]*{_TAG}([\t ]*,[\t ,]*{_TAG})*[\t ,]*")
_EACH_TAG = re.compile(_TAG)
# Proxies that compress add the coding: Apache `-gzip` and `;gzip`, Caddy `-zstd`, Jetty `--gzip`.
# The look in `40-1` is not taken for one: a coding does not begin with a digit.
_CODINGS = r"(?:(?:--?|;)(?:x-)?(?:gzip|br|zstd|zst|deflate))*"
_NUMBERS = re.compile(rf"(0|[1-9][0-9]{{0,17}})(?:-([1-9][0-9]{{0,17}}))?{_CODINGS}")
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")


def _entity_tags(lines: list[str]) -> EntityTags:
    """What a condition lists, on one line or several.

    Empty elements are ignored (RFC 9110, 5.3, 5.6.1, 8.8.3 and 13.1). A weak tag counts as a strong
    one, in If-Match knowingly against 13.1.1: the number names one state whatever its encoding, and
    behind a proxy that compresses (nginx sends `W/"40"`) a client would have no other.
    """
    listed = ",".join(lines)
    if listed.strip("\t ") == "*":
        return EntityTags(is_any=True)
    if not _TAGS.fullmatch(listed):
        raise PydanticCustomError("etag", 'must be * or entity tags like "40"')
    tags = [tag for _, tag in _EACH_TAG.findall(listed)]
    ours = filter(None, map(_NUMBERS.fullmatch, tags))
    return EntityTags(tuple((int(tag[1]), int(tag[2] or 0)) for tag in ours))


def _idempotency_key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise PydanticCustomError("idempotency_key", "must be 1 to 255 printable ASCII characters")
    return value


_SENT = r'(W/)?"[!#-~]*"'  # what a client may send is less than what a server must take
_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "format": "entity-tags",
        "pattern": rf"^(\*|{_SENT}([\t ]*,[\t ]*{_SENT})*)$",
    }
)
_KEY_SCHEMA = WithJsonSchema({"type": "string", "pattern": rf"^{_KEY.pattern}$"})
# FastAPI gives all lines of a header whose type is a tuple, as EntityTags is.
IfMatch = Annotated[
    EntityTags | None,
    PlainValidator(_entity_tags),
    _SCHEMA,
    Header(
        alias="If-Match",
        description='412 unless this is still the `ETag`, like `"40-1"`, or `"40"`.',
    ),
]
IfNoneMatch = Annotated[
    EntityTags | None,
    PlainValidator(_entity_tags),
    _SCHEMA,
    Header(alias="If-None-Match", description='304 if this is still the `ETag`, like `"40-1"`.'),
]
IdempotencyKey = Annotated[
    Annotated[str, AfterValidator(_idempotency_key), _KEY_SCHEMA] | None,
    Header(
        alias="Idempotency-Key",
        description="Makes the request repeatable for 24 hours; any text of the client's own.",
    ),
]
