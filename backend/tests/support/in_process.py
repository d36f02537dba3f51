"""The service in this process, in an event loop of its own, spoken to without a socket."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import TracebackType

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

Send = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class _InProcess(httpx2.BaseTransport):
    """One step from this thread to the loop for a request, where a TestClient takes eight."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._send: Send = httpx2.ASGITransport(app, False).handle_async_request
        self._portal = portal

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = httpx2.ByteStream(request.read())
        whole = httpx2.Request(request.method, request.url, headers=request.headers, stream=stream)
        return self._portal.call(self._answer, whole)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._send(request)
        body = await answer.aread()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body)


class InProcessClient(httpx2.Client):
    """A client of the application, which runs until the exit."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._resources = ExitStack()
        portal = self._resources.enter_context(start_blocking_portal())
        super().__init__(transport=_InProcess(app, portal), base_url="http://testserver")
        lifespan = app.router.lifespan_context(app)
        self._resources.enter_context(portal.wrap_async_context_manager(lifespan))

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._resources.close()
