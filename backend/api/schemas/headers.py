"""Headers that are conditions on a request, or make it safe to repeat."""

import re
from functools import partial
from typing import Annotated

from fastapi import Header
from pydantic import PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from backend.services.entity_tags import EntityTags

_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_TAGS = re.compile(rf"[\t ,]*{_TAG}([\t ]*,[\t ,]*{_TAG})*[\t ,]*")
_EACH_TAG = re.compile(_TAG)
_REVISION = re.compile(r"0|[1-9][0-9]{0,17}")


def _entity_tags(lines: list[str], *, weak: bool) -> EntityTags:
    """What a condition lists, on one line or several.

    Empty elements are ignored (RFC 9110, 5.3, 5.6.1, 8.8.3 and 13.1). A weak tag counts only where
    the weak comparison does (RFC 9110, 8.8.3.2).
    """
    listed = ",".join(lines)
    if listed.strip("\t ") == "*":
        return EntityTags(is_any=True)
    if not _TAGS.fullmatch(listed):
        raise PydanticCustomError("etag", 'must be * or entity tags like "40"')
    tags = [tag for prefix, tag in _EACH_TAG.findall(listed) if weak or not prefix]
    return EntityTags(tuple(int(tag) for tag in tags if _REVISION.fullmatch(tag)))


_SENT = r'(W/)?"[!#-~]*"'  # what a client may send is less than what a server must take
_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "format": "entity-tags",
        "pattern": rf"^(\*|{_SENT}([\t ]*,[\t ]*{_SENT})*)$",
    }
)
# FastAPI gives all lines of a header whose type is a tuple, as EntityTags is.
IfMatch = Annotated[
    EntityTags | None,
    PlainValidator(partial(_entity_tags, weak=False)),
    _SCHEMA,
    Header(alias="If-Match", description='Write only if this is still the `ETag`, like `"40"`.'),
]
IfNoneMatch = Annotated[
    EntityTags | None,
    PlainValidator(partial(_entity_tags, weak=True)),
    _SCHEMA,
    Header(alias="If-None-Match", description='304 if this is still the `ETag`, like `"40"`.'),
]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,253}[!-~])?$")] | None,
    Header(
        alias="Idempotency-Key",
        description="Makes the create repeatable for 24 hours; any text of the client's own.",
    ),
]
