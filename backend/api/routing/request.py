"""A request whose head is looked through once, and whose body is read once, strictly."""

from collections.abc import Collection
from typing import Any

from fastapi import Request
from starlette.types import Receive, Scope

from backend.api.routing.json_text import parse_json
from backend.errors import PayloadTooLarge


class StrictRequest(Request):
    """Raises PayloadTooLarge for a body of more than `limit` bytes, if there is a limit.

    Errors of its JSON name no field but `names`.
    """

    names: Collection[str] = ()

    def __init__(self, scope: Scope, receive: Receive, limit: int | None = None) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self.first: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        """The first value of each header, by its name in lower case (ASGI)."""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        value = self.first.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    @property
    def has_body(self) -> bool:
        """Whether a body follows the head (RFC 9112, 6.3)."""
        return b"transfer-encoding" in self.first or self._declared.strip(b"0") != b""

    @property
    def _declared(self) -> bytes:
        return self.first.get(b"content-length", b"")

    def require_short(self) -> None:
        """Raise PayloadTooLarge if the body is declared to be longer than the limit."""
        if self._limit is not None and self._declared.isdigit():
            self._require(int(self._declared))

    def _require(self, size: int) -> None:
        if self._limit is not None and size > self._limit:
            raise PayloadTooLarge

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                self._require(len(body))
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body(), self.names)
        return self._json
