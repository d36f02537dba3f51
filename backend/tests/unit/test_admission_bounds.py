"""Bytes that all bodies may take together, and slots that come back when answers start."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi.routing import APIRoute

from backend.app import create_app
from backend.edge.admission import AdmissionMiddleware
from backend.tests.support.databases import NOWHERE, settings_for

LIMIT = 2048


class Exchange:
    """A request whose body comes in parts when it is told to, and what it is answered."""

    def __init__(self, layer: AdmissionMiddleware, *, has_body: bool = True) -> None:
        headers = [(b"content-length", b"4096")] if has_body else []
        scope = {"type": "http", "method": "POST", "path": "/api/1/tasks", "headers": headers}
        self.parts: asyncio.Queue[Any] = asyncio.Queue()
        self.statuses: list[int] = []
        self.done = asyncio.create_task(layer(scope, self.parts.get, self._send))

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])

    async def give(self, size: int, *, is_last: bool = False) -> None:
        """One part of the body; returns when it was read, and what followed from it is done."""
        part = {"type": "http.request", "body": b"x" * size, "more_body": not is_last}
        self.parts.put_nowait(part)
        for _ in range(20):
            await asyncio.sleep(0)


class Service:
    """Reads the body, starts an answer, and goes on with it until it is told to end."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b"x"})


def run(scenario: Callable[[AdmissionMiddleware, Service], Awaitable[None]]) -> None:
    """With room for `LIMIT` bytes, and one slot."""

    async def in_a_loop() -> None:
        service = Service()
        settings = settings_for(
            NOWHERE, max_concurrency=1, max_buffered_bytes=LIMIT, admission_timeout=0.05
        )
        await scenario(AdmissionMiddleware(service, settings), service)

    asyncio.run(in_a_loop())


@pytest.mark.requirement("NFR-21")
def test_the_bytes_of_all_bodies_together_are_bounded() -> None:
    async def scenario(layer: AdmissionMiddleware, service: Service) -> None:
        service.may_end.set()
        first, second = Exchange(layer), Exchange(layer)
        await first.give(LIMIT - 100)
        await second.give(100)
        await second.give(1)
        assert second.statuses == [503], "one byte too many"
        await first.give(100, is_last=True)
        assert first.statuses == [200], "what the other one held is free again"

    run(scenario)


@pytest.mark.requirement("NFR-21")
def test_what_a_body_held_is_free_when_its_answer_starts_or_its_client_leaves() -> None:
    async def scenario(layer: AdmissionMiddleware, service: Service) -> None:
        answered = Exchange(layer)
        await answered.give(LIMIT, is_last=True)
        assert (answered.statuses, answered.done.done()) == ([200], False)
        left = Exchange(layer)
        await left.give(LIMIT)
        left.done.cancel()
        await asyncio.gather(left.done, return_exceptions=True)
        third = Exchange(layer)
        await third.give(LIMIT, is_last=True)
        assert third.statuses == [200]
        service.may_end.set()
        await asyncio.gather(answered.done, third.done)

    run(scenario)


@pytest.mark.requirement("NFR-21")
def test_a_slot_is_given_back_when_the_answer_starts() -> None:
    """However long the rest of it takes: the clients read as slowly as they like."""

    async def scenario(layer: AdmissionMiddleware, service: Service) -> None:
        slow = [Exchange(layer, has_body=False) for _ in range(8)]
        for exchange in slow:
            await exchange.give(0, is_last=True)
        assert [one.statuses for one in slow] == [[200]] * 8
        assert not any(one.done.done() for one in slow)
        service.may_end.set()
        await asyncio.gather(*(one.done for one in slow))

    run(scenario)


@pytest.mark.requirement("NFR-21")
def test_every_route_that_takes_a_body_has_the_limit_of_the_setting() -> None:
    app = create_app(settings_for(NOWHERE, max_body_bytes=4321, max_import_bytes=9999))
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    limits = Counter(route.max_body_size for route in routes)
    assert limits == {4321: 12, 9999: 2, None: len(routes) - 14}
    for route in routes:
        takes_file = route.path.endswith("/tasks/import")
        limit = 9999 if takes_file else 4321 if route.body_field else None
        assert route.max_body_size == limit, route.path
