"""The edge answers on its own: a problem from the start, without asking the application."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from backend.config import Settings
from backend.edge.admission import AdmissionMiddleware
from backend.edge.cors import CrossOriginMiddleware
from backend.edge.request_head import RequestHeadMiddleware
from backend.tests.support.databases import NOWHERE, settings_for

Layer = Callable[[ASGIApp, Settings], ASGIApp]
HOST = (b"host", b"foreign.example")
PREFLIGHT = (
    ("OPTIONS", [HOST, (b"origin", b"https://a.example"), (b"access-control-request-method", m)])
    for m in (b"GET", b"FOO")
)
SMALL = {"max_buffered_bytes": 1024, "trusted_hosts": "tasks.example"}


def origins(app: ASGIApp, settings: Settings) -> ASGIApp:
    return CrossOriginMiddleware(app, settings.cors_origins)


def heads(app: ASGIApp, settings: Settings) -> ASGIApp:
    return RequestHeadMiddleware(app, settings)


REFUSALS: dict[str, tuple[Layer, str, list[tuple[bytes, bytes]], int, str]] = {
    "foreign origin": (origins, *next(PREFLIGHT), 400, "validation_error"),
    "unknown method": (origins, *next(PREFLIGHT), 400, "validation_error"),
    "foreign host": (heads, "GET", [HOST], 400, "validation_error"),
    "no host": (heads, "GET", [], 400, "validation_error"),
    "long headers": (heads, "GET", [HOST, (b"x", b"x" * 40_000)], 431, "headers_too_large"),
    "no room": (AdmissionMiddleware, "POST", [(b"content-length", b"2048")], 503, "overloaded"),
}


async def answer(layer: ASGIApp, method: str, headers: list[tuple[bytes, bytes]]) -> list[Message]:
    """All that the layer sends."""
    scope = {
        "type": "http", "method": method, "path": "/api/1/tasks", "raw_path": b"/api/1/tasks",
        "query_string": b"", "http_version": "1.1", "headers": headers,
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 2048, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await layer(scope, receive, send)
    return sent


async def reads(_scope: Any, receive: Any, _send: Any) -> None:
    """An application that reads its request and never answers."""
    await receive()
    raise AssertionError("the application was asked")


@pytest.mark.requirement("NFR-20")
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_layer_refuses_with_a_problem_of_its_own(
    refusal: tuple[Layer, str, list[tuple[bytes, bytes]], int, str],
) -> None:
    layer, method, headers, status, code = refusal
    made = layer(reads, settings_for(NOWHERE, **SMALL))
    start, *parts = asyncio.run(answer(made, method, headers))
    assert start["status"] == status
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    problem = json.loads(b"".join(part["body"] for part in parts))
    assert (problem["status"], problem["code"]) == (status, code)
    assert int(dict(start["headers"])[b"content-length"]) == len(parts[0]["body"])
