"""Query parameters and headers, strictly: none unknown, none repeated, all in UTF-8."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from backend.api.routing.request import StrictRequest
from backend.errors import FieldError, InvalidRequest

_BRACKETS = re.compile(r"\[\w*\]\Z")
Names = Mapping[bytes, str]
"""Headers as ASGI has them, and as errors and the OpenAPI document write them."""

_SINGLE_HEADERS: Names = {
    b"content-type": "Content-Type",
    b"content-encoding": "Content-Encoding",
    b"idempotency-key": "Idempotency-Key",
}
_CONDITIONS: Names = {
    b"if-match": "If-Match",
    b"if-none-match": "If-None-Match",
    b"if-unmodified-since": "If-Unmodified-Since",
}


@dataclass(frozen=True)
class Accepted:
    """What a route takes: the names in its query, those that may be repeated, and the conditions
    that it would overlook.
    """

    known: set[str]
    repeatable: set[str]
    unsupported: Names


def unsupported_conditions(methods: Collection[str], declared: Collection[str]) -> Names:
    """The conditions (RFC 9110, 13.1) that a route would overlook: it takes those `declared`.

    What the RFC ignores itself is none of them: `If-None-Match` on a GET without an ETag is true
    (13.1.2), and so are dates on a GET, for nothing here has a `Last-Modified` (13.1.3, 13.1.4).
    """
    lost = {b"if-match"} if "GET" in methods else _CONDITIONS.keys()
    return {raw: name for raw, name in _CONDITIONS.items() if raw in lost and name not in declared}


def _is_utf8(encoded: bytes) -> bool:
    try:
        (unquote_to_bytes(encoded) if b"%" in encoded else encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


def require_one_meaning(request: StrictRequest, accepted: Accepted) -> None:
    """Refuse what could be read in two ways.

    Raise InvalidRequest for a parameter that is not UTF-8, a repeated header, and a condition that
    would be ignored.
    """
    errors = [
        FieldError(f"header.{name}", "is not supported on this request", "unsupported_condition")
        for raw, name in accepted.unsupported.items()
        if raw in request.first
    ]
    if len(request.first) < len(request.scope["headers"]):
        errors = [*_repeated(request.scope["headers"]), *errors]
    for part in request.scope["query_string"].split(b"&"):
        if not _is_utf8(part):
            name = part.partition(b"=")[0].decode(errors="replace")
            place = f"query.{name}" if name in accepted.known else "query"
            errors.append(FieldError(place, "must be UTF-8", "encoding"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))


def _repeated(headers: Iterable[tuple[bytes, bytes]]) -> list[FieldError]:
    sent = [name for name, _ in headers]
    return [
        FieldError(f"header.{name}", "must come only once", "repeated")
        for raw, name in _SINGLE_HEADERS.items()
        if sent.count(raw) > 1
    ]


def _hints(names: list[str], accepted: Accepted) -> list[str]:
    """The correct spelling of parameters that are nearly right; repeats no client's name."""
    hints, known = set(), accepted.known
    for name in set(names) - known:
        bare = _BRACKETS.sub("", name)
        if bare == "_":
            hints.add("remove the cache-buster `_`")
        elif bare.lower() in known:
            right = bare.lower()
            each = ", once for each value" if right in accepted.repeatable else ""
            hints.add(f"write `{right}` in lower case and without brackets{each}")
    return sorted(hints)


def require_known(request: StrictRequest, accepted: Accepted) -> None:
    """Raise InvalidRequest for an unknown or repeated parameter, without echoing it."""
    if not request.scope["query_string"]:
        return
    known = accepted.known
    names = [name for name, _ in request.query_params.multi_items()]
    errors = []
    if len(set(names)) < len(names):
        errors = [
            FieldError(f"query.{name}", "must come only once", "repeated")
            for name in sorted(known - accepted.repeatable)
            if names.count(name) > 1
        ]
    if not known.issuperset(names):
        allowed = f"takes only: {', '.join(sorted(known))}" if known else "takes no parameter"
        message = "; ".join([allowed, *_hints(names, accepted)])
        errors.append(FieldError("query", message, "unknown_parameter"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))
