"""What goes wrong on the first day with `make run`: one line each, with the way out."""

import os
import re
import signal
import socket
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from backend.tests.support.clusters import folder
from backend.tests.support.commands import python
from backend.tests.support.databases import ROOT
from backend.tests.support.server import environment, free_port

pytestmark = pytest.mark.slow

RUN = ("-m", "backend.dev.run")
EMBEDDED = {"DATABASE_URL": "", "MIGRATION_DATABASE_URL": ""}


def launched(
    *flags: str, cwd: Path | str = "/", **settings: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    given = {"PYTHONPATH": str(ROOT), "PORT": str(free_port())}
    return python(*flags, *RUN, env={**os.environ, **EMBEDDED, **given, **settings}, cwd=cwd)


def refused(cwd: Path | str = "/", **settings: str) -> str:
    """The one line that the launcher ends with, having printed no URL."""
    with launched(cwd=cwd, **settings) as process:
        output, errors = process.communicate(timeout=180)
    assert (process.returncode, output) == (1, ""), errors
    [line] = errors.splitlines()
    return line


@pytest.mark.requirement("NFR-28", "FR-69")
@pytest.mark.threat(56)
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104
def test_a_port_in_use_is_named_before_any_url_is_printed(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, folder() as path:
        port = other.getsockname()[1]
        line = refused(HOST=address, PORT=str(port), DEV_POSTGRES_DIR=str(path / "base"))
        assert line.startswith(f"PORT: {port} is in use by process {os.getpid()} (")
        assert re.search(r"set PORT=\d+$", line)
        assert not (path / "base").exists()


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
@pytest.mark.parametrize("host", ["x86_64-conda-linux-gnu", "192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_another_program_set_is_named_with_the_way_out(host: str) -> None:
    line = refused(HOST=host, DATABASE_URL="postgresql://h/d")
    assert line.startswith("HOST is no address")
    assert "HOST=127.0.0.1" in line


@pytest.mark.requirement("NFR-28")
@pytest.mark.parametrize("at", ["pydantic", "sqlalchemy.engine"])
def test_ctrl_c_while_it_loads_ends_it_without_a_word(at: str) -> None:
    with folder() as path:
        settings = {"DEV_POSTGRES_DIR": str(path / "base")}
        with launched("-X", "importtime", **settings) as process:
            for line in process.stderr or ():
                if at in line:
                    process.send_signal(signal.SIGINT)
                    break
            output, errors = process.communicate(timeout=180)
        assert (process.returncode, output) == (0, "")
        said = [line for line in errors.splitlines() if not line.startswith("import time")]
        assert said == []
        assert not (path / "base").exists()


@pytest.mark.requirement("NFR-28")
def test_a_folder_that_cannot_be_written_names_the_setting() -> None:
    """A read-only home is one; a file where the folder should be fails for root, too."""
    with folder() as path:
        (path / "file").write_text("")
        line = refused(DEV_POSTGRES_DIR=str(path / "file" / "base"))
    assert "set DEV_POSTGRES_DIR to a folder that this account can write to" in line


@pytest.mark.requirement("NFR-28")
def test_a_name_misspelt_in_the_file_is_warned_of_before_the_embedded_database_starts(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("DATABSE_URL=postgresql://u:hunter2@h/d\n")
    tmp_path.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as other:  # which ends the start right after
        port = str(other.getsockname()[1])
        with launched(cwd=tmp_path, PORT=port) as process:
            _, errors = process.communicate(timeout=180)
    warning, ended = errors.splitlines()
    assert warning == ".env has DATABSE_URL, which is no setting: is DATABASE_URL meant?"
    assert ended.startswith("PORT")
    assert "hunter2" not in errors


@pytest.mark.untraced
@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize("name", ["DATABASE_URL", "database_url"])
def test_the_file_leads_to_the_same_database_whatever_is_in_the_password(
    tmp_path: Path, database: URL, name: str
) -> None:
    """Trust lets any password in; an interpolated one would be another database's URL."""
    url = environment(database)["DATABASE_URL"].replace("@", ":${x}#%40@", 1)
    (tmp_path / ".env").write_text(f"{name}={url}\n")
    around = dict.fromkeys(("DATABASE_URL", "MIGRATION_DATABASE_URL"), "")
    with (
        folder() as path,
        launched(cwd=tmp_path, **around, DEV_POSTGRES_DIR=str(path / "base")) as process,
    ):
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        assert not (path / "base").exists()
        process.send_signal(signal.SIGINT)  # at once: before the server has its own handler
        output, errors = process.communicate(timeout=180)
    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors


INTERRUPTED = """
import gc, os, signal
import backend.serve
gc.freeze = lambda: os.kill(os.getpid(), signal.SIGINT)
try:
    backend.serve.run([])
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(56)
def test_ctrl_c_between_loading_and_serving_is_not_lost(database: URL) -> None:
    settings = environment(database, PORT=str(free_port()))
    with python("-c", INTERRUPTED, env=settings) as process:
        output, errors = process.communicate(timeout=180)
    assert output == "interrupted\n", errors
