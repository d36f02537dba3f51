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
    """A function that calls this dependency with its arguments; its result is awaited."""
    call: Any = dependency.call
    function = _function_of(dependency)

    def call_it(request: Request, arguments: Arguments) -> Awaitable[Any]:
        coroutine: Awaitable[Any] = call(**arguments)
        return coroutine

    def run_in_thread(request: Request, arguments: Arguments) -> Awaitable[Any]:
        return run_in_threadpool(call, **arguments)

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
    return call_it if iscoroutinefunction(function) else run_in_thread


def is_generator(dependency: Dependant) -> bool:
    """Whether it lends something, and takes it back."""
    function = _function_of(dependency)
    return isgeneratorfunction(function) or isasyncgenfunction(function)


def _function_of(dependency: Dependant) -> Callable[..., Any]:
    call: Any = dependency.call
    function: Callable[..., Any] = (
        call if isroutine(call) or isinstance(call, type) else call.__call__
    )
    return function


def _stack(request: Request, dependency: Dependant) -> AsyncExitStack:
    """The exit stack of the request, or of the handler if the dependency says so."""
    kind = "function" if dependency.scope == "function" else "inner"
    stack: AsyncExitStack = request.scope[f"fastapi_{kind}_astack"]
    return stack
