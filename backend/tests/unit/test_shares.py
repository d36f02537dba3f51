"""No owner takes all connections."""

import asyncio
from contextlib import suppress

import pytest

from backend import shares
from backend.errors import Overloaded
from backend.patience import Patience
from backend.shares import Shares, current_slot

pytestmark = [pytest.mark.requirement("NFR-10", "NFR-29"), pytest.mark.threat(69)]


class Place:
    """A request's place, and how often it was left and taken again."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.is_full = False

    def step_out(self) -> None:
        self.steps.append("out")

    async def enter(self) -> None:
        if self.is_full:
            raise Overloaded
        self.steps.append("in")


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("size", "most"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (20, 15)])
def test_an_owner_has_three_quarters_and_another_owner_is_not_asked_to_wait(
    size: int, most: int
) -> None:
    async def run() -> None:
        gate = Shares(size, Patience(60))
        for _ in range(most):
            await gate.take(1)
        waiting = asyncio.create_task(gate.take(1))
        await settle()
        assert not waiting.done()
        await gate.take(2)
        gate.give_back(2)
        assert not waiting.done()
        gate.give_back(1)
        await waiting
        for _ in range(most):
            gate.give_back(1)
        assert (gate._held, gate._lines, gate._waiting) == ({}, {}, 0)

    asyncio.run(run())


def test_who_waits_for_its_owner_holds_no_place_meanwhile() -> None:
    async def run() -> None:
        gate, place = Shares(1, Patience(60)), Place()
        await gate.take(1)
        current_slot.set(place)
        waiting = asyncio.create_task(gate.take(1))
        await settle()
        assert place.steps == ["out"]
        gate.give_back(1)
        await waiting
        assert place.steps == ["out", "in"]

    asyncio.run(run())


def test_who_cannot_come_in_again_gives_the_share_on() -> None:
    async def run() -> None:
        gate, place = Shares(1, Patience(60)), Place()
        await gate.take(1)
        place.is_full = True
        current_slot.set(place)
        first = asyncio.create_task(gate.take(1))
        await settle()
        current_slot.set(None)
        second = asyncio.create_task(gate.take(1))
        await settle()
        gate.give_back(1)
        with pytest.raises(Overloaded):
            await first
        await second
        gate.give_back(1)
        assert gate._held == {}

    asyncio.run(run())


def test_who_waits_too_long_or_leaves_is_out_of_the_line() -> None:
    async def run() -> None:
        gate = Shares(1, Patience(0.01))
        await gate.take(1)
        with pytest.raises(Overloaded):
            await gate.take(1)
        leaving = asyncio.create_task(gate.take(1))
        await settle()
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        gate.give_back(1)
        assert (gate._held, gate._lines, gate._waiting) == ({}, {}, 0)

    asyncio.run(run())


def test_who_leaves_in_the_moment_of_its_turn_gives_it_on() -> None:
    async def run() -> None:
        gate = Shares(1, Patience(60))
        await gate.take(1)
        leaving, next_one = (asyncio.create_task(gate.take(1)) for _ in range(2))
        await settle()
        gate.give_back(1)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        await next_one
        gate.give_back(1)
        assert gate._held == {}

    asyncio.run(run())


def test_the_line_of_all_owners_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MAX_WAITING", 1)

    async def run() -> None:
        gate = Shares(1, Patience(60))
        await gate.take(1)
        waiting = asyncio.create_task(gate.take(1))
        await settle()
        with pytest.raises(Overloaded):
            await gate.take(1)
        gate.give_back(1)
        await waiting

    asyncio.run(run())
