"""Why the service says 503: one line in its log, in the driver's words, and none in the answer."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL, make_url

from backend.dev.postgres.cluster import Cluster, temporary_cluster
from backend.tests.support.databases import (
    administer,
    create_template,
    url_of,
)
from backend.tests.support.problems import require_problem
from backend.tests.support.server import Server, free_port, running

pytestmark = pytest.mark.slow

SECRET = "hunter2secret"
LOGIN = "limited"


@contextmanager
def broken(url: URL) -> Iterator[Server]:
    """A server that answers, whose database does not."""
    with running(url, RETRY_WINDOW="0", REQUEST_TIMEOUT="3") as server:
        yield server


def require_one_line(server: Server, words: str) -> str:
    """Several requests were refused for one reason: the log tells it once, the answers never."""
    client = server.client
    for _ in range(3):
        for answer in (
            client.get("/api/1/tasks"),
            client.post("/api/1/tasks", json={"title": "x"}),
            client.get("/health/ready"),
        ):
            require_problem(answer, 503, "database_unavailable")
            assert words not in answer.text
            assert SECRET not in answer.text
    lines = [line for line in server.log().splitlines() if " backend.incidents " in line]
    told = [line for line in lines if words in line]
    assert len(told) == len(lines) == 1, lines
    assert SECRET not in server.log()
    return told[0]


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Cluster, int]]:
    """A PostgreSQL that asks for passwords over TCP, and its port."""
    with temporary_cluster() as cluster:
        create_template(cluster)
        port = free_port()
        server = cluster._server
        hba = server.data / "pg_hba.conf"
        hba.write_text(f"local all all trust\nhost all {LOGIN} 127.0.0.1/32 scram-sha-256\n")
        administer(cluster, f"CREATE ROLE {LOGIN} LOGIN IN ROLE tasks_runtime PASSWORD '{SECRET}'")
        server._run("pg_ctl", "stop", "-s", "-m", "fast", "-w", "-D", server.data)
        options = f"-h 127.0.0.1 -p {port} -k {server.sockets}"
        server._run("pg_ctl", "start", "-s", "-w", "-D", server.data, "-o", options)
        yield cluster, port


def administer_tcp(cluster: Cluster, port: int, statement: str) -> None:
    """As the owner of the cluster, whose socket bears another port by now."""
    url = url_of(cluster, "postgres").update_query_dict({"port": str(port)})
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def over_tcp(port: int, password: str = SECRET, database: str = "template_tasks") -> URL:
    return make_url(f"postgresql://{LOGIN}:{password}@127.0.0.1:{port}/{database}")


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://u:{SECRET}@db.invalid/tasks", "could not translate host name"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/tasks", "Connection refused"),
        (f"postgresql://u:{SECRET}@{SECRET}.invalid/tasks", 'host name "***.invalid"'),
        (f"postgresql://u:{SECRET}@/tasks?host=/nowhere", "No such file"),
        (
            f"postgresql://u:{SECRET}@/tasks?host=127.0.0.1,127.0.0.2&port=1,2",
            'Connection refused; connection to server at "127.0.0.2", port 2 failed',
        ),
        (
            f"postgresql://u:{SECRET}@127.0.0.1:1/t?sslmode=verify-full&sslrootcert=/no/file",
            "Connection refused",
        ),
    ],
    ids=["unknown host", "no server", "password in the host", "no socket", "two hosts", "tls"],
)
def test_a_database_that_cannot_be_found_is_told_of_once(url: str, words: str) -> None:
    with broken(make_url(url)) as server:
        require_one_line(server, words)


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
def test_a_refused_login_is_told_of_once(guarded: tuple[Cluster, int]) -> None:
    _, port = guarded
    for url, words in (
        (over_tcp(port, f"{SECRET}x"), f'password authentication failed for user "{LOGIN}"'),
        (over_tcp(port, database="nowhere"), 'database "nowhere" does not exist'),
        (
            over_tcp(port).update_query_dict({"sslmode": "require"}),
            "server does not support SSL, but SSL was required",
        ),
    ):
        with broken(url) as server:
            require_one_line(server, words)


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
def test_too_many_connections_are_told_of_once(guarded: tuple[Cluster, int]) -> None:
    _, port = guarded
    administer_tcp(guarded[0], port, f"ALTER ROLE {LOGIN} CONNECTION LIMIT 0")
    try:
        with broken(over_tcp(port)) as server:
            require_one_line(server, f'too many connections for role "{LOGIN}"')
            administer_tcp(guarded[0], port, f"ALTER ROLE {LOGIN} CONNECTION LIMIT 10")
            assert server.client.get("/api/1/tasks").is_success
    finally:
        administer_tcp(guarded[0], port, f"ALTER ROLE {LOGIN} CONNECTION LIMIT -1")


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(77)
def test_the_limit_of_open_files_is_told_of_once_and_survived(fresh_database: URL) -> None:
    with broken(fresh_database) as server, ExitStack() as clients:
        assert server.client.get("/api/1/tasks").is_success
        process = psutil.Process(server.process.pid)
        _, hard = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds(), hard))
        for _ in range(20):
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        server.log(until="the limit of open files is reached")
        assert server.client.get("/api/1/tasks").is_success, "on what is open already"
        time.sleep(2)
        process.rlimit(psutil.RLIMIT_NOFILE, (1024, hard))
        with httpx.Client(base_url=server.client.base_url) as another:
            assert another.get("/api/1/tasks").is_success
        assert server.log().count("the limit of open files is reached") == 1
        assert "Traceback" not in server.log()


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(77, 42)
def test_a_connection_that_finds_no_file_is_told_of_once(fresh_database: URL) -> None:
    with broken(fresh_database) as server:
        assert server.client.get("/health/live").is_success
        process = psutil.Process(server.process.pid)
        _, hard = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds(), hard))
        for _ in range(2):
            require_problem(server.client.get("/api/1/tasks/1"), 503, "database_unavailable")
        process.rlimit(psutil.RLIMIT_NOFILE, (1024, hard))
        assert server.client.get("/api/1/tasks").is_success
        lines = [line for line in server.log().splitlines() if "database_unavailable" in line]
        assert len(lines) == 1
        assert "the limit of open files is reached (ulimit -n) owner=1 " in lines[0]
