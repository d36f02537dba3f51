"""`make demo`, without make: a page with tasks of three owners, beside the service."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from backend.dev.demo_tasks import OWNERS
from backend.tests.dev.test_launcher import NO_DATABASE
from backend.tests.support.clusters import folder
from backend.tests.support.commands import python
from backend.tests.support.databases import ROOT
from backend.tests.support.server import free_port

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-62")]


def environment(base: Path, **settings: str) -> dict[str, str]:
    ports = {"PORT": str(free_port()), "PAGE_PORT": str(free_port())}
    ours = {"PYTHONPATH": str(ROOT), "DEV_POSTGRES_DIR": str(base)}
    return {**os.environ, **NO_DATABASE, **ports, **ours, **settings}


def test_the_demo_says_how_far_it_is_and_serves_its_page_until_ctrl_c() -> None:
    with (
        folder() as path,
        python("-m", "backend.dev.demo", env=(env := environment(path / "demo"))) as process,
    ):
        assert process.stdout
        said: list[str] = []
        while not said or "Ctrl-C" not in said[-1]:
            said.append(process.stdout.readline())
            assert said[-1], "it ended"
        for owner, name in OWNERS.items():
            assert f"  owner {owner}, {name}: 24 tasks\n" in said
            tasks = httpx.get(f"http://127.0.0.1:{env['PORT']}/api/{owner}/tasks").json()
            assert len(tasks) == 24
        page = httpx.get(f"http://127.0.0.1:{env['PAGE_PORT']}/")
        assert "<title>" in page.text
        process.send_signal(signal.SIGINT)
        process.wait(60)


def test_the_demo_invents_no_tasks_in_a_database_of_somebodys(tmp_path: Path) -> None:
    env = environment(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    with python("-m", "backend.dev.demo", env=env) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "unset DATABASE_URL" in errors


@pytest.mark.parametrize("taken", ["PORT", "PAGE_PORT"])
def test_a_port_that_another_service_has_is_told_and_that_service_is_not_asked(
    tmp_path: Path, taken: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        env = environment(tmp_path / "demo", **{taken: str(port)})
        with python("-m", "backend.dev.demo", env=env) as process:
            _, errors = process.communicate(timeout=60)
        assert errors.startswith(f"{taken}: {port} is in use by process {os.getpid()}")
        assert f"set {taken}={port + 1}" in errors
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
