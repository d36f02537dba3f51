"""Headers that are conditions on a request, or make it safe to repeat."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Header
from pydantic import PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_TAGS = re.compile(rf"[\t ,]*{_TAG}([\t ]*,[\t ,]*{_TAG})*[\t ,]*")
_EACH_TAG = re.compile(_TAG)
_REVISION = re.compile(r"0|[1-9][0-9]{0,17}")


def _revisions(lines: list[str], *, weak: bool) -> tuple[int, ...] | None:
    """The revisions that entity tags name, on one line or several; None for `*`.

    Empty elements are ignored (RFC 9110, 5.3, 5.6.1, 8.8.3 and 13.1).
    """
    listed = ",".join(lines)
    if listed.strip("\t ") == "*":
        return None
    if not _TAGS.fullmatch(listed):
        raise PydanticCustomError("etag", 'must be * or entity tags like "40"')
    tags = [tag for prefix, tag in _EACH_TAG.findall(listed) if weak or not prefix]
    return tuple(int(tag) for tag in tags if _REVISION.fullmatch(tag))


_SENT = r'(W/)?"[!#-~]*"'  # what a client may send is less than what a server must take
_ENTITY_TAGS = WithJsonSchema(
    {
        "type": "string",
        "format": "entity-tags",
        "pattern": rf"^(\*|{_SENT}([\t ]*,[\t ]*{_SENT})*)$",
    }
)
IfMatch = Annotated[
    Sequence[int] | None,
    PlainValidator(lambda lines: _revisions(lines, weak=False)),
    _ENTITY_TAGS,
    Header(alias="If-Match", description='Write only if this is still the `ETag`, like `"40"`.'),
]
IfNoneMatch = Annotated[
    Sequence[int] | None,
    PlainValidator(lambda lines: _revisions(lines, weak=True)),
    _ENTITY_TAGS,
    Header(alias="If-None-Match", description='304 if this is still the `ETag`, like `"40"`.'),
]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,253}[!-~])?$")] | None,
    Header(
        alias="Idempotency-Key",
        description="Makes the create repeatable for 24 hours; any text of the client's own.",
    ),
]
