"""Imports come one after the other, and who waits for its turn keeps nobody out."""

import asyncio

import pytest

from backend.errors import Overloaded
from backend.gates import Gates
from backend.patience import Patience
from backend.shares import current_slot

pytestmark = pytest.mark.requirement("NFR-53")


class Slot:
    def __init__(self, *, is_full: bool = False) -> None:
        self.steps: list[str] = []
        self._is_full = is_full

    def step_out(self) -> None:
        self.steps.append("out")

    async def enter(self) -> None:
        self.steps.append("in")
        if self._is_full:
            raise Overloaded


async def under_way(gates: Gates, ends: asyncio.Event) -> None:
    async with gates.turn_to_import():
        await ends.wait()


async def another(gates: Gates, slot: Slot) -> None:
    current_slot.set(slot)
    async with gates.turn_to_import():
        pass


def after_the_first(patience: float, slot: Slot, *, ends_first: bool) -> Gates:
    """What the second import of two comes to; raises what it raises."""
    gates = Gates(4, Patience(patience))

    async def both() -> None:
        ends = asyncio.Event()
        first = asyncio.create_task(under_way(gates, ends))
        second = asyncio.create_task(another(gates, slot))
        await asyncio.sleep(0.01)
        if ends_first:
            ends.set()
        try:
            await second
        finally:
            ends.set()
            await first

    asyncio.run(both())
    return gates


def test_the_second_waits_without_its_slot() -> None:
    slot = Slot()
    assert after_the_first(20, slot, ends_first=True)._imports.free == 1
    assert slot.steps == ["out", "in"]


def test_a_turn_that_does_not_come_in_time_is_refused() -> None:
    slot = Slot()
    with pytest.raises(Overloaded, match="Another import"):
        after_the_first(0.02, slot, ends_first=False)
    assert slot.steps == ["out"]


def test_who_finds_no_slot_any_more_gives_the_turn_back() -> None:
    with pytest.raises(Overloaded):
        after_the_first(20, Slot(is_full=True), ends_first=True)
