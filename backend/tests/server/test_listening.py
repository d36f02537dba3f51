"""Where the server listens: had at once, on both families with one value, or one line."""

import errno
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from backend.edge.listening import ListenError, address_of, listen
from backend.tests.support.databases import NOWHERE
from backend.tests.support.server import environment, free_port, running

pytestmark = pytest.mark.slow

ADDRESSES = ("0.0.0.0", "::", "::1", "127.0.0.1")  # noqa: S104


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::", "[::]"])
def test_one_value_listens_on_ipv4_and_ipv6(host: str) -> None:
    with running(NOWHERE, HOST=host) as server:
        for address in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{address}:{server.port}/health/live").status_code == 200
        assert f"listening on :: port {server.port}" in server.log("listening on")


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])  # noqa: S104
def test_a_name_listens_on_all_of_its_addresses(host: str) -> None:
    port = free_port()
    sockets = listen(host, port)
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        assert {one.getsockname()[1] for one in sockets} == {port}
    finally:
        for one in sockets:
            one.close()


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
def test_the_server_ends_with_one_line_where_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "backend.serve"],
            env=environment(NOWHERE, PORT=str(port)),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"PORT: {port} is in use by another program")


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "PORT: 80 needs more rights"),
        (errno.EADDRNOTAVAIL, "HOST is no address of this machine"),
        (errno.ENOBUFS, "HOST and PORT: cannot listen there"),
    ],
)
def test_each_reason_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("backend.edge.listening.socket.socket.bind", refuse)
    with pytest.raises(ListenError, match=said):
        listen("127.0.0.1", 80)


@pytest.mark.requirement("NFR-28")
def test_an_address_for_all_networks_is_shown_as_one_that_can_be_asked() -> None:
    shown = [address_of(host, 8000) for host in ADDRESSES]
    assert shown == [
        *["http://localhost:8000"] * 2,
        *("http://[::1]:8000", "http://127.0.0.1:8000"),
    ]


@pytest.mark.requirement("NFR-28")
def test_ctrl_c_while_the_server_loads_prints_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "backend.serve"],
        env=environment(NOWHERE),
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr or ():
            if "fastapi" in line:
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in errors.splitlines() if not line.startswith("import time")] == []
