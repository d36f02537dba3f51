"""Headers of a request as ASGI has them: pairs of bytes, the names in lower case."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> bytes:
    """The first value of a header, or nothing."""
    return next((value for key, value in scope["headers"] if key == name), b"")
