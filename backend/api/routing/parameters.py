"""Query parameters and headers of one spelling: none unknown, none repeated, all UTF-8."""

from urllib.parse import unquote_to_bytes

from fastapi import Request

from backend.errors import FieldError, InvalidRequest

_SINGLE_HEADERS = (b"content-type", b"content-encoding", b"idempotency-key")


def _is_utf8(encoded: bytes) -> bool:
    try:
        (unquote_to_bytes(encoded) if b"%" in encoded else encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


def require_one_meaning(request: Request, known: set[str]) -> None:
    """Raise InvalidRequest for a parameter that is no UTF-8, and for a header that comes twice."""
    sent = [name for name, _ in request.scope["headers"]]
    errors = [
        FieldError(f"header.{name.decode()}", "must come only once", "repeated")
        for name in _SINGLE_HEADERS
        if sent.count(name) > 1
    ]
    for part in request.scope["query_string"].split(b"&"):
        if not _is_utf8(part):
            name = part.partition(b"=")[0].decode(errors="replace")
            place = f"query.{name}" if name in known else "query"
            errors.append(FieldError(place, "must be UTF-8", "encoding"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))


def require_known(request: Request, known: set[str], repeatable: set[str]) -> None:
    """Raise InvalidRequest, not repeating it, for a parameter that is unknown or comes twice."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    errors = [
        FieldError(f"query.{name}", "must come only once", "repeated")
        for name in sorted(known - repeatable)
        if names.count(name) > 1
    ]
    if not known.issuperset(names):
        message = f"takes only: {', '.join(sorted(known))}" if known else "takes no parameter"
        errors.append(FieldError("query", message, "unknown_parameter"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))
