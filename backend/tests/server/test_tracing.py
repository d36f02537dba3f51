"""Traces as a collector gets them from the real server, and what is not sent."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy.engine import URL

from backend.tests.support.databases import ROOT
from backend.tests.support.server import environment, running

pytestmark = pytest.mark.slow

TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The address of a collector, and what it was sent, where."""
    received: list[tuple[str, bytes]] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Keep) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


@pytest.mark.requirement("FR-66", "NFR-57")
def test_a_collector_gets_requests_and_their_statements_and_no_query(database: URL) -> None:
    with (
        collector() as (address, received),
        running(database, OTEL_EXPORTER_OTLP_ENDPOINT=address) as server,
    ):
        parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        assert server.client.get("/api/1/tasks?q=secret-word", headers=parent).json() == []
        log = server.stop()
    assert f"owner=1 route=/api/{{user_id}}/tasks trace_id={TRACE}" in log
    assert {path for path, _ in received} == {"/v1/traces"}
    assert not any(b"secret-word" in body for _, body in received)
    spans = [
        span
        for _, body in received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if span.trace_id.hex() == TRACE
    ]
    names = {span.name for span in spans}
    assert "GET /api/{user_id}/tasks" in names
    assert "page" in names


@pytest.mark.requirement("NFR-57")
@pytest.mark.untraced
def test_without_an_address_no_exporter_is_imported_and_without_its_packages_one_line_says_so() -> (
    None
):
    nowhere = URL.create("postgresql", host="127.0.0.1", port=1, database="none")
    look = "import sys, backend.main; sys.exit('opentelemetry.sdk' in sys.modules)"
    missing = "import sys; sys.modules['opentelemetry.sdk'] = None; import backend.main"
    sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    for code, settings, status, told in (
        (look, {}, 0, ""),
        (missing, sent, 1, "OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of requirements"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment(nowhere, **settings),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr[: len(told)]) == (status, told), done.stderr
