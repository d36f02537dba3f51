"""Events: what changes is told as it happens, and what was missed first."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy.engine import URL

from backend.dev.postgres.cluster import Cluster
from backend.tests.support.api import Api
from backend.tests.support.commands import execute
from backend.tests.support.databases import cloned
from backend.tests.support.problems import require_problem
from backend.tests.support.server import Server, running
from backend.tests.support.streams import Stream, streamed
from backend.tests.support.surfaces import PRIMARY, Surface
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-44")]

OWNERS = count(1_000, 10)
ORIGIN = "http://localhost:5173"


@pytest.fixture(scope="module")
def own_database(cluster: Cluster, template: str) -> Iterator[URL]:
    """Where tasks may stay: each test has owners of its own."""
    with cloned(cluster, template) as url:
        yield url


@pytest.fixture(scope="module")
def live_process(own_database: URL) -> Iterator[Server]:
    """A server that looks for changes often."""
    with running(own_database, EVENTS_INTERVAL="0.05") as server:
        yield server


@pytest.fixture
def few(own_database: URL) -> Iterator[Server]:
    """A server with places for four subscribers."""
    with running(own_database, EVENTS_INTERVAL="0.05", MAX_SUBSCRIBERS="4") as server:
        yield server


@pytest.fixture
def api(live_process: Server, surface: Surface) -> Api:
    """An owner of the test's own: a stream of another test may not have ended yet."""
    return Api(live_process.client, surface, next(OWNERS))


def test_a_stream_tells_what_changes_from_now_on(api: Api) -> None:
    api.made(title="before")
    with streamed(api) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in stream.response.headers["cache-control"]
        task = api.made(title="now")
        assert stream.changes(1) == [task]
        assert (stream.retry, stream.comments[0]) == (2000, "connected")
        done = api.toggle(task["id"]).json()
        assert stream.changes(1) == [done]
        assert stream.last_id == str(done["revision"])
        api.delete(task["id"])
        [stone] = stream.changes(1)
        assert (stone["id"], stone["deleted"]) == (task["id"], True)
        api.of(next(OWNERS)).made()
        last = api.made()
        assert stream.changes(1) == [last]


def test_whatever_changes_once_a_stream_has_opened_is_told_however_soon(
    own_database: URL, surface: Surface
) -> None:
    """Between two polls, too: another owner's stream has brought about the first of them."""
    with running(own_database, EVENTS_INTERVAL="1") as server:
        api = Api(server.client, surface, next(OWNERS))
        with streamed(api) as first:
            task = api.made(title="first")
            assert first.changes(1) == [task]
            other = api.of(next(OWNERS))
            with streamed(other) as stream:
                task = other.made(title="at once")
                assert stream.changes(1) == [task]


def test_a_stream_resumes_where_it_ended(api: Api) -> None:
    tasks = [api.made(title=str(number)) for number in range(3)]
    first = str(tasks[0]["revision"])
    for query, headers in (
        (f"since={first}", None),
        ("", {"Last-Event-ID": first}),
        ("since=0", {"Last-Event-ID": first}),
        (f"since={first}", {"Last-Event-ID": ""}),
    ):
        with streamed(api, query, headers) as stream:
            assert stream.changes(2) == tasks[1:]
            wait_until(partial(_has_come_to, stream, tasks[2]))


def test_a_first_sync_by_events_is_all_live_tasks_however_many(api: Api) -> None:
    operations = [{"op": "create", "task": {"title": str(number)}} for number in range(100)]
    for _ in range(3):
        assert api.batch(*operations).is_success
    api.delete(api.list().json()[7]["id"])
    with streamed(api, "since=0") as stream:
        assert stream.changes(299) == sorted(
            api.list().json(), key=lambda task: int(task["revision"])
        )
        new = api.made()
        assert stream.changes(1) == [new]


def test_an_expired_position_is_told_and_ends_the_stream(api: Api, own_database: URL) -> None:
    task = api.made()
    for since in (task["revision"] + 10**6, 2**63 - 1):
        with streamed(api, f"since={since}") as stream:
            assert stream.next() == ("expired", {"code": "cursor_expired"})
            assert stream.next() is None
    expire = f"UPDATE task_lists SET horizon = revision WHERE user_id = {api.owner}"
    execute(own_database, expire)
    with streamed(api, f"since={task['revision'] - 1}") as stream:
        assert stream.next() == ("expired", {"code": "cursor_expired"})


def test_many_streams_of_one_owner_and_others_are_each_told_their_own(api: Api) -> None:
    with (
        streamed(api) as first,
        streamed(api) as second,
        streamed(api.of(next(OWNERS))) as other,
    ):
        task, foreign = api.made(), api.of(other.owner).made()
        assert first.changes(1) == second.changes(1) == [task]
        assert other.changes(1) == [foreign]
        assert first.is_quiet()


def test_the_subscribers_are_bounded_and_a_place_is_free_when_one_leaves(
    few: Server,
) -> None:
    api = Api(few.client, PRIMARY, next(OWNERS))
    with streamed(api), streamed(api.of(next(OWNERS))), streamed(api):
        with streamed(api), streamed(api) as refused:
            require_problem(refused.response, 503, "overloaded")
            assert refused.response.headers["retry-after"]
        wait_until(lambda: _status(api) == 200)
    assert "MAX_SUBSCRIBERS" in few.log()


def _has_come_to(stream: Stream, task: Any) -> bool:
    return stream.last_id == str(task["revision"])


def _status(api: Api) -> int:
    with streamed(api) as stream:
        return stream.response.status_code


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        *(("since=x", {}), ("since=-1", {}), ("since=1&since=2", {}), ("limit=5", {})),
        *(("", {"Last-Event-ID": "x"}), ("", {"Last-Event-ID": "-1"}), ("", {"If-Match": "*"})),
    ],
)
def test_a_malformed_position_is_refused(api: Api, query: str, headers: dict[str, str]) -> None:
    with streamed(api, query, headers) as stream:
        require_problem(stream.response, 400, "validation_error")


def test_head_answers_at_once(api: Api) -> None:
    answer = api.client.head(api.surface.under(api.owner, "events"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert api.list().is_success  # on the same connection


def test_a_page_of_another_origin_may_read_it(api: Api) -> None:
    with streamed(api, headers={"Origin": ORIGIN}) as stream:
        assert stream.response.headers["access-control-allow-origin"] == ORIGIN
    preflight = api.client.options(
        api.surface.under(api.owner, "events"),
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "last-event-id",
        },
    )
    assert preflight.status_code == 200
    with streamed(api, headers={"Origin": "http://evil.example"}) as stream:
        assert "access-control-allow-origin" not in stream.response.headers


@pytest.mark.requirement("NFR-41")
def test_subscribers_hold_no_connection_and_no_slot(
    live_process: Server, own_database: URL
) -> None:
    """Forty streams of as many owners beside eight slots: everything is served as ever."""
    apis = [Api(live_process.client, PRIMARY, next(OWNERS)) for _ in range(40)]
    with ExitStack() as stack:
        streams = [stack.enter_context(streamed(api)) for api in apis]
        busy = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tasks-api' "
            "AND datname = current_database() AND state = 'idle in transaction'"
        )
        assert execute(own_database, busy) == [(0,)]
        made = [api.made() for api in apis]
        assert [stream.changes(1) for stream in streams] == [[task] for task in made]
