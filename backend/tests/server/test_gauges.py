"""What `/metrics` shows of the moment: requests and lines, connections, streams, the database."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.database.faults import LOST
from backend.database.outages import Outages
from backend.gates import Gates
from backend.observability.cells import CELLS
from backend.observability.metrics import OUTAGES, SUBSCRIBERS, WAITING
from backend.runtime import Runtime
from backend.tests.support.databases import NOWHERE, settings_for
from backend.tests.support.locks import locked
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.scrapes import number, scraped
from backend.tests.support.server import Server
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-65")]


def test_a_statement_that_waits_is_a_request_in_flight_and_a_connection_in_use(
    server: Server, database: URL
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(database) as waiting:
            answer = pool.submit(server.client.post, "/api/1/tasks", json={"title": "x"})
            wait_until(waiting)
            during = scraped(server.client)
        assert answer.result().status_code == 201
    after = scraped(server.client)
    for name, numbers in {
        "tasks_requests_in_flight": (2, 1),  # the scrape is one
        "tasks_database_connections_in_use": (1, 0),
        "tasks_database_connections_limit": (4, 4),
    }.items():
        assert (number(during, name), number(after, name)) == numbers, name


def test_an_owner_beyond_the_share_and_a_handler_without_a_connection_are_seen_waiting() -> None:
    async def crowd() -> list[float]:
        gates, seen = Gates(1), []
        await gates.connections.acquire()
        await gates.shares.take(1)
        late = [asyncio.create_task(gates.shares.take(1)), asyncio.create_task(_through(gates))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen += waiting("share", "connection")
        gates.shares.give_back(1)
        gates.connections.release()
        await asyncio.gather(*late)
        return [*seen, *waiting("share", "connection")]

    before = waiting("share", "connection")
    assert asyncio.run(crowd()) == [one + 1 for one in before] + before


async def _through(gates: Gates) -> None:
    async with gates.connections:
        pass


def waiting(*lines: str) -> list[float]:
    totals = WAITING.totals(CELLS.rows())
    return [totals[line] for line in lines]


def test_an_outage_is_counted_once() -> None:
    outages, before = Outages(), OUTAGES.totals(CELLS.rows())[""]
    outages.note_failure(LOST)
    outages.note_failure(LOST)
    assert OUTAGES.totals(CELLS.rows())[""] == before + 1
    outages.note_success(set())
    outages.note_failure(LOST)
    assert OUTAGES.totals(CELLS.rows())[""] == before + 2


def test_a_stream_is_a_subscriber_for_as_long_as_it_lasts() -> None:
    runtime: Runtime = create_app(settings_for(NOWHERE)).state.runtime

    async def listen() -> list[float]:
        before = SUBSCRIBERS.totals(CELLS.rows())[""]
        with runtime.events.subscription(1, ""):
            during = SUBSCRIBERS.totals(CELLS.rows())[""]
        return [during - before, SUBSCRIBERS.totals(CELLS.rows())[""] - before]

    assert asyncio.run(listen()) == [1, 0]


def test_the_purge_horizon_is_what_readers_of_the_feed_have_met(
    client: RecordingClient, below: Connection
) -> None:
    client.post("/api/1/tasks", json={"title": "x"})
    horizon = 4_102_444_800  # in 2100, so that no other test has met a later one
    below.execute(text(f"UPDATE task_lists SET horizon = {horizon * 10**6} WHERE user_id = 1"))
    client.get("/api/1/tasks/changes?since=0")
    assert number(scraped(client), "tasks_purge_horizon_seconds") == horizon
