"""Slots, as the layer gives them; what clients see of it is in server/test_load.py."""

import asyncio
from typing import Any

import pytest

from backend.edge import admission
from backend.tests.support.databases import NOWHERE, settings_for

GET = {"type": "http", "method": "GET", "path": "/api/1/tasks", "headers": []}
EMPTY = {"type": "http.request", "body": b"", "more_body": False}


class Service:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.statuses: list[int] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        assert await receive() == EMPTY
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200})

    async def ask(self, layer: admission.AdmissionMiddleware) -> None:
        async def receive() -> Any:
            return EMPTY

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])

        await layer(dict(GET), receive, send)


async def asked(times: int, wait: float = 2, refused: int = 0) -> list[int]:
    """The statuses, in order, of requests at once for one place that is free after a while."""
    service = Service()
    settings = settings_for(NOWHERE, max_concurrency=1, admission_timeout=wait)
    layer = admission.AdmissionMiddleware(service, settings)
    sent = [asyncio.create_task(service.ask(layer)) for _ in range(times)]
    while len(service.statuses) + len(layer._slots._places.line) + 1 < times:
        await asyncio.sleep(0)
    while len(service.statuses) < refused:
        await asyncio.sleep(wait)
    service.may_answer.set()
    await asyncio.gather(*sent)
    return service.statuses


@pytest.mark.requirement("NFR-10")
def test_who_waits_gets_the_place_of_who_leaves() -> None:
    assert asyncio.run(asked(5)) == [200] * 5


@pytest.mark.requirement("NFR-10")
@pytest.mark.threat(28)
def test_who_finds_no_room_to_wait_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_WAITING", 2)
    assert asyncio.run(asked(5)) == [503, 503, 200, 200, 200]


@pytest.mark.requirement("NFR-10")
@pytest.mark.threat(28)
def test_who_waits_too_long_is_told() -> None:
    assert sorted(asyncio.run(asked(2, wait=0.001, refused=1))) == [200, 503]
