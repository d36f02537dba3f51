"""Calls a dependency as FastAPI does, whatever kind of callable it is."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, isroutine
from typing import Any

from fastapi import Request
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.dependencies.models import Dependant

Arguments = Mapping[str, Any]
Caller = Callable[[Request, Arguments], Awaitable[Any]]


def caller_of(dependency: Dependant) -> Caller:
    """A coroutine function that calls this dependency with its arguments."""
    call: Any = dependency.call
    function = call if isroutine(call) or isinstance(call, type) else call.__call__

    async def await_it(request: Request, arguments: Arguments) -> Any:
        return await call(**arguments)

    async def run_in_thread(request: Request, arguments: Arguments) -> Any:
        return await run_in_threadpool(call, **arguments)

    async def enter_async(request: Request, arguments: Arguments) -> Any:
        manager = asynccontextmanager(call)(**arguments)
        return await _stack(request, dependency).enter_async_context(manager)

    async def enter(request: Request, arguments: Arguments) -> Any:
        manager = contextmanager_in_threadpool(contextmanager(call)(**arguments))
        return await _stack(request, dependency).enter_async_context(manager)

    if isasyncgenfunction(function):
        return enter_async
    if isgeneratorfunction(function):
        return enter
    return await_it if iscoroutinefunction(function) else run_in_thread


def _stack(request: Request, dependency: Dependant) -> AsyncExitStack:
    """The exit stack of the request, or of the handler if the dependency says so."""
    kind = "function" if dependency.scope == "function" else "inner"
    stack: AsyncExitStack = request.scope[f"fastapi_{kind}_astack"]
    return stack
