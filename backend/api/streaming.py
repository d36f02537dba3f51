"""Responses that are produced while they are sent."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from backend.errors import AppError

_log = logging.getLogger("backend.errors")


class StreamedResponse(Response):
    """A body in parts, each produced once the client has taken those before it.

    It stops when the client leaves. An error ends the connection before the body is complete (RFC
    9112, 8), so no client takes a part for the whole.
    """

    def __init__(
        self, parts: AsyncIterator[bytes], media_type: str, headers: dict[str, str]
    ) -> None:
        super().__init__(status_code=200, headers=headers, media_type=media_type)
        self._parts = parts
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            continue  # to the end of the request: what comes next is that its client has left
        has_left = asyncio.ensure_future(receive())
        try:
            await self._stream(send, has_left)
        except AppError as error:
            _log.warning("a stream ended before its end: %s", error.code)
        finally:
            has_left.cancel()

    async def _stream(self, send: Send, has_left: "asyncio.Future[Any]") -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async with aclosing(self._parts) as parts:  # type: ignore[type-var]
            async for part in parts:
                if has_left.done():
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
