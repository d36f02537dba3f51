"""Events when the database, the process or the client goes away."""

import signal
import socket
import struct
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.api import Api
from backend.tests.support.databases import as_service
from backend.tests.support.line import Line
from backend.tests.support.problems import require_problem
from backend.tests.support.proxy import proxied
from backend.tests.support.raw import connected, head
from backend.tests.support.server import running
from backend.tests.support.streams import streamed
from backend.tests.support.surfaces import PRIMARY
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.requirement("FR-44")]

OFTEN = {"EVENTS_INTERVAL": "0.1"}
RESET = struct.pack("ii", 1, 0)
"""To close a socket so ends its connection at once, and whatever is on its way (socket(7))."""


def test_streams_end_at_sigterm_and_the_process_leaves_at_once(database: URL) -> None:
    with running(database, SHUTDOWN_GRACE="20", **OFTEN) as server:
        api = Api(server.client, PRIMARY)
        with streamed(api) as stream, streamed(api.of(2)) as other:
            server.client.close()
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert (stream.next(), other.next()) == (None, None)
            assert server.process.wait(30) == 0
            assert time.monotonic() - began < 15  # not the grace period: nothing was left
        assert "Traceback" not in server.log()


def test_a_lost_database_is_silence_and_then_everything_that_was_missed(database: URL) -> None:
    with (
        TemporaryDirectory(dir="/tmp") as folder,  # a socket's path must be short
        proxied(as_service(database), Path(folder), Line) as (through, line),
        running(through, REQUEST_TIMEOUT="0.5", **OFTEN) as away,
        running(database) as there,
    ):
        seen, writer = Api(away.client, PRIMARY), Api(there.client, PRIMARY)
        with streamed(seen) as stream:
            before = writer.made(title="before")
            assert stream.changes(1) == [_as_seen(seen, before)]
            line.suspend()
            missed = [writer.made(title=str(number)) for number in range(3)]
            wait_until(lambda: "database" in away.log() or "timeout" in away.log())
            with streamed(seen) as refused:  # nobody can say where it would begin
                require_problem(refused.response, 503, "timeout")
            with streamed(seen, f"since={missed[0]['revision']}") as begun_without:
                assert begun_without.response.status_code == 200
                assert stream.is_quiet()
                line.wake()
                assert [one["title"] for one in stream.changes(3)] == list("012")
                assert [one["title"] for one in begun_without.changes(2)] == list("12")
        assert "Traceback" not in away.log()


def _as_seen(api: Api, task: dict[str, object]) -> dict[str, object]:
    """The task as another process tells of it: its address is another."""
    return {**task, "url": str(api.client.base_url.join(api.task(task["id"])))}


def test_what_one_process_writes_another_one_tells(database: URL) -> None:
    with running(database, WEB_CONCURRENCY="2", **OFTEN) as server:
        api = Api(server.client, PRIMARY)
        with streamed(api) as first, streamed(api) as second, streamed(api) as third:
            streams = (first, second, third)
            tasks = [api.made(title=str(number)) for number in range(5)]
            assert [stream.changes(5) for stream in streams] == [tasks] * 3


def test_a_client_that_reads_nothing_is_closed_and_keeps_nobody_waiting(database: URL) -> None:
    with running(database, CLIENT_TIMEOUT="0.5", MAX_SUBSCRIBERS="2", **OFTEN) as server:
        api = Api(server.client, PRIMARY)
        long = {"op": "create", "task": {"title": "x", "description": "y" * 9_000}}
        with streamed(api) as reader, connected(server) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(head("GET /api/1/tasks/events", "Host: x"))
            for _ in range(8):
                assert api.batch(*[long] * 100).is_success
            assert len(reader.changes(800)) == 800
            wait_until(lambda: _is_free(api))


@pytest.mark.parametrize("path", ["events?since=0", "export?format=json", "export?format=ics"])
def test_clients_that_leave_in_the_middle_leave_no_trace_in_the_log(
    database: URL, path: str
) -> None:
    """With a reset, while more of the answer is on its way than the sockets take."""
    with running(database, MAX_EXPORTS="40", **OFTEN) as server:
        api = Api(server.client, PRIMARY)
        long = {"op": "create", "task": {"title": "x", "description": "y" * 9_000}}
        for _ in range(6):
            assert api.batch(*[long] * 100).is_success
        for wait in (0.0, 0.01, 0.03, 0.1, 0.2, 0.3) * 3:
            with connected(server) as leaving:
                leaving.sendall(head(f"GET /api/1/tasks/{path}", "Host: x"))
                leaving.recv(100)
                time.sleep(wait)
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        wait_until(lambda: _is_free(api))
        log = server.stop()
    assert "Traceback" not in log
    assert "Exception" not in log


def _is_free(api: Api) -> bool:
    with streamed(api) as stream:
        return stream.response.status_code == 200
