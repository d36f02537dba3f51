"""Waiting in line: in order, not for ever, and nobody's turn is lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from backend.patience import Line, Patience, Places

pytestmark = [pytest.mark.requirement("NFR-10"), pytest.mark.threat(28)]

Scenario = Callable[[], Awaitable[None]]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def waiting(places: Places, number: int, come: list[int]) -> list[asyncio.Task[None]]:
    async def wait(one: int) -> None:
        await places.wait()
        come.append(one)

    tasks = [asyncio.create_task(wait(one)) for one in range(number)]
    await settle()
    return tasks


def test_turns_come_in_order_and_a_free_place_is_counted_once() -> None:
    async def scenario() -> None:
        come: list[int] = []
        places = Places(1, Patience(60))
        assert places.take()
        assert not places.take()
        tasks = await waiting(places, 3, come)
        for _ in range(3):
            places.give_back()
        assert not places.take(), "the turns are given, not free"
        await asyncio.gather(*tasks)
        assert come == [0, 1, 2]
        places.give_back()
        assert (places.free, len(places.line)) == (1, 0)

    asyncio.run(scenario())


def test_whoever_waits_too_long_is_told_and_the_next_one_has_its_own_time() -> None:
    async def scenario() -> None:
        line = Line(Patience(0.1), lambda: None)
        began = time.monotonic()
        first = asyncio.create_task(line.wait())
        await asyncio.sleep(0.06)
        second = asyncio.create_task(line.wait())
        with pytest.raises(TimeoutError):
            await first
        assert not second.done()
        with pytest.raises(TimeoutError):
            await second
        assert time.monotonic() - began >= 0.16
        assert not line.call_next()

    asyncio.run(scenario())


def test_time_in_which_a_connection_is_made_does_not_count_up_to_a_bound() -> None:
    patience = Patience(2.0, 5.0, lambda: 100.0)
    assert [patience.until(since) for since in (99.0, 101.0, 96.0)] == [102.0, 103.0, 101.0]


@pytest.mark.parametrize("leaves", ["before its turn", "with its turn", "too late"])
def test_whoever_leaves_takes_no_turn_along(leaves: str) -> None:
    async def scenario() -> None:
        come: list[int] = []
        places = Places(1, Patience(0.02 if leaves == "too late" else 60))
        assert places.take()
        [leaving] = await waiting(places, 1, come)
        if leaves == "with its turn":
            places.give_back()
        if leaves == "too late":
            time.sleep(0.03)  # the loop finds the timer and the cancellation in one turn
            asyncio.get_running_loop().call_later(0, leaving.cancel)
            await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            await leaving
        if leaves != "with its turn":
            places.give_back()
        assert (places.free, len(places.line), come) == (1, 0, [])

    asyncio.run(scenario())


def test_nobody_who_waits_means_no_timer() -> None:
    async def scenario() -> None:
        line = Line(Patience(60), lambda: None)
        one = asyncio.create_task(line.wait())
        await settle()
        assert line._timer is not None
        assert line.call_next()
        await one
        assert line._timer is None

    asyncio.run(scenario())
