"""Budgets of the edge: bytes that clients have not taken, and bytes that one turn may read."""

import asyncio
from dataclasses import dataclass, field

import pytest

from backend.edge.admission import SMALL_BODY, Buffer
from backend.edge.answering import UnsentAnswers
from backend.edge.reading import SMALL_READ, TurnBudget
from backend.errors import Overloaded

pytestmark = pytest.mark.requirement("NFR-21", "NFR-29")


@dataclass(eq=False)
class Client:
    """A connection with so many bytes to take."""

    left: int
    is_closed: bool = field(default=False, init=False)

    def unsent(self) -> int:
        return self.left

    def abort(self) -> None:
        self.is_closed = True


@pytest.mark.threat(67)
def test_of_too_many_unsent_bytes_the_slowest_client_is_closed() -> None:
    unsent = UnsentAnswers(100)
    fast, slow, middling, new = (Client(size) for size in (40, 30, 30, 30))
    for client in (fast, slow, middling):
        unsent.add(client, now=0)
    assert not any(client.is_closed for client in (fast, slow, middling))
    fast.left, middling.left, slow.left = 20, 25, 30
    unsent.add(new, now=10)
    assert [one.is_closed for one in (fast, slow, middling, new)] == [False, True, False, False]


@pytest.mark.threat(67)
def test_who_has_just_begun_is_not_slow_and_one_alone_is_never_closed() -> None:
    unsent = UnsentAnswers(100)
    first, second = Client(500), Client(500)
    unsent.add(first, now=0)
    assert not first.is_closed
    first.left = 499
    unsent.add(second, now=10)
    assert (first.is_closed, second.is_closed) == (True, False)
    unsent.discard(second)
    unsent.add(third := Client(90), now=11)
    assert not third.is_closed


@pytest.mark.threat(62)
def test_one_turn_of_the_loop_keeps_so_many_bytes_and_the_next_as_many_again() -> None:
    async def turns() -> list[bool]:
        loop, budget = asyncio.get_running_loop(), TurnBudget(100_000)
        taken = [budget.takes(size, loop) for size in (60_000, 60_000, SMALL_READ)]
        await asyncio.sleep(0)
        return [*taken, budget.takes(60_000, loop)]

    assert asyncio.run(turns()) == [True, False, True, True]


@pytest.mark.threat(62, 67)
def test_large_bodies_leave_room_for_small_ones() -> None:
    buffer = Buffer(4 * SMALL_BODY)
    buffer.hold(3 * SMALL_BODY, held=0)
    with pytest.raises(Overloaded):
        buffer.hold(1, held=SMALL_BODY)
    buffer.hold(SMALL_BODY, held=0)
    with pytest.raises(Overloaded):
        buffer.hold(1, held=0)
    buffer.release(SMALL_BODY)
    buffer.hold(10, held=0)
