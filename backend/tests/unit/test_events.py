"""The poller: one statement in an interval, for the owners with subscribers, and none without."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy.engine import URL

from backend.errors import Overloaded
from backend.events.subscribers import Event, Events
from backend.queries.positions import POSITIONS
from backend.runtime import make_runtime
from backend.services.changes import ChangeService
from backend.tests.support.databases import settings_for
from backend.tests.support.recorder import Recorder

pytestmark = pytest.mark.requirement("FR-44", "NFR-41")

INTERVAL = 0.05
Scenario = Callable[[Events, Recorder], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture
def run(shared_database: URL) -> Iterator[Run]:
    """Runs a scenario with the subscribers of a process, and what they send."""
    changes = {"events_interval": INTERVAL, "max_subscribers": 9}
    runtime = make_runtime(settings_for(shared_database, **changes))
    recorder = Recorder(runtime.engine)

    def run_it(scenario: Scenario) -> None:
        async def within() -> None:
            await scenario(runtime.events, recorder)

        asyncio.run(asyncio.wait_for(within(), 20))

    yield run_it
    runtime.dispose()


def asked(recorder: Recorder) -> list[list[int]]:
    """The owners of each poll."""
    return [list(values["owners"]) for _, values in recorder.sent if "owners" in values]


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(INTERVAL / 5)


def test_without_subscribers_nobody_is_asked(run: Run) -> None:
    async def scenario(events: Events, recorder: Recorder) -> None:
        await asyncio.sleep(3 * INTERVAL)
        assert recorder.sent == []
        with events.subscription(1, ""), events.subscription(1, ""), events.subscription(2, ""):
            await until(lambda: len(asked(recorder)) > 2)
        number = len(asked(recorder))
        await asyncio.sleep(4 * INTERVAL)
        assert len(asked(recorder)) <= number + 1
        assert all(owners in ([1, 2], []) for owners in asked(recorder)[:number])
        assert len(recorder.sent) == len(asked(recorder))  # no page: nothing has changed

    run(scenario)


def test_a_poll_in_each_interval_at_the_most_however_often_clients_come(run: Run) -> None:
    async def scenario(events: Events, recorder: Recorder) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < 10 * INTERVAL:
            with events.subscription(1, ""):
                await asyncio.sleep(INTERVAL / 10)
        assert len(asked(recorder)) <= (loop.time() - began) / INTERVAL + 1

    run(scenario)


def test_those_at_one_place_share_a_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(events: Events, recorder: Recorder) -> None:
        with ExitStack() as stack:
            places = [stack.enter_context(events.subscription(7, "")) for _ in range(8)]
            await until(lambda: events.polls > 1)
            answers = await asyncio.gather(*(last(place.follow(5)) for place in places))
        assert answers == [Event(expired=True)] * 8
        assert len([values for _, values in recorder.sent if "since" in values]) == 1

    run(scenario)


async def last(events: AsyncIterator[Event]) -> Event:
    found = Event()
    async for found in events:  # noqa: B007
        pass
    return found


def test_places_are_bounded_and_none_is_given_when_the_process_leaves(run: Run) -> None:
    async def scenario(events: Events, recorder: Recorder) -> None:
        with ExitStack() as stack:
            for owner in range(9):
                stack.enter_context(events.subscription(owner + 1, ""))
            with pytest.raises(Overloaded):
                stack.enter_context(events.subscription(1, ""))
        with events.subscription(1, ""):
            pass
        events.close()
        with pytest.raises(Overloaded), events.subscription(1, ""):
            pass

    run(scenario)


def test_a_stream_that_waits_ends_when_the_process_leaves(run: Run) -> None:
    async def scenario(events: Events, recorder: Recorder) -> None:
        with events.subscription(1, "") as early, events.subscription(1, "") as late:
            begins = asyncio.create_task(last(early.follow(0)))
            await until(lambda: events.polls > 1)
            waits = asyncio.create_task(last(late.follow(0)))
            await asyncio.sleep(0)
            events.close()
            assert (await waits).revision == 0
            assert (await begins).revision == 0

    run(scenario)


def test_a_defect_in_a_poll_is_logged_and_the_next_one_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = Events._positions, iter([ValueError("x"), Overloaded()])

    def positions(self: Events, owners: list[int]) -> dict[int, int]:
        for failure in failures:
            raise failure
        return real(self, owners)

    monkeypatch.setattr(Events, "_positions", positions)

    async def scenario(events: Events, recorder: Recorder) -> None:
        with events.subscription(1, ""):
            await until(lambda: bool(asked(recorder)))

    run(scenario)
    assert "unexpected ValueError" in caplog.text


def test_a_page_that_fails_is_read_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = ChangeService.page, iter([Overloaded()])

    def page(self: ChangeService, *arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return real(self, *arguments)

    monkeypatch.setattr(ChangeService, "page", page)

    async def scenario(events: Events, recorder: Recorder) -> None:
        with events.subscription(1, "") as place:
            assert await last(place.follow(5)) == Event(expired=True)

    run(scenario)


def test_the_poll_reads_the_rows_of_the_owners_and_nothing_else() -> None:
    text = str(POSITIONS.executable)
    assert text.startswith("SELECT task_lists.user_id, task_lists.revision \nFROM task_lists")
