"""The service in this thread, in an event loop of its own, spoken to without a socket."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import TracebackType

import httpx2
import uvloop
from fastapi import FastAPI

PATIENCE = 60
"""Seconds, after which a request that the loop's own thread waits for is an error, not a hang."""

Send = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class _InProcess(httpx2.BaseTransport):
    """The loop runs while a request is answered: no step to another thread, of which a TestClient
    takes eight. So it is for one request at a time, and what a thread of the service asks in its
    course; `arena` and `server` take many."""

    def __init__(self, app: FastAPI, loop: AbstractEventLoop) -> None:
        self._send: Send = httpx2.ASGITransport(app, False).handle_async_request
        self._loop = loop

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = httpx2.ByteStream(request.read())
        whole = httpx2.Request(request.method, request.url, headers=request.headers, stream=stream)
        answer = self._answer(whole)
        if self._loop.is_running():
            return asyncio.run_coroutine_threadsafe(answer, self._loop).result(PATIENCE)
        return self._loop.run_until_complete(answer)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._send(request)
        body = await answer.aread()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body)


class InProcessClient(httpx2.Client):
    """A client of the application, which runs until the exit."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._resources = ExitStack()
        runner = self._resources.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        loop = runner.get_loop()
        super().__init__(transport=_InProcess(app, loop), base_url="http://testserver")
        lifespan = app.router.lifespan_context(app)
        loop.run_until_complete(lifespan.__aenter__())
        self._resources.callback(
            lambda: loop.run_until_complete(lifespan.__aexit__(None, None, None))
        )

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._resources.close()
