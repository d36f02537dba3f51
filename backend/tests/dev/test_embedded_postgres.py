"""The embedded PostgreSQL, with real processes: who starts and shares it, that nothing stays."""

import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from backend.dev.postgres.cluster import Cluster, temporary_cluster
from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.postgres.folders import SOCKET_PATH_MAX, make_private_folder
from backend.tests.support.clusters import (
    TEMPORARY_OWNER,
    family,
    folder,
    is_gone,
    keeper_of,
    owner,
    processes,
    query,
    started_at,
    url_of,
)
from backend.tests.support.databases import ROOT
from backend.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NFR-07")]


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """One cluster's folder for the whole file; each test leaves it stopped."""
    with folder() as path:
        yield path / "shared"


@pytest.fixture
def fresh() -> Iterator[Path]:
    with folder() as path:
        yield path


def test_starts_in_utf8_utc_and_a_locale_that_knows_umlauts(base: Path) -> None:
    with Cluster(base) as cluster:
        assert query(cluster, "SHOW server_version_num") >= "180000"
        assert query(cluster, "SHOW server_encoding") == "UTF8"
        assert query(cluster, "SHOW TimeZone") == "UTC"
        assert query(cluster, "SELECT lower('GRÖ')") == "grö"
        assert query(cluster, "SELECT datlocprovider FROM pg_database LIMIT 1") == "b"
    wait_until(lambda: not processes(base))


def test_listens_on_a_private_unix_socket_alone(base: Path) -> None:
    with Cluster(base) as cluster:
        sockets = Path(query(cluster, "SHOW unix_socket_directories"))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert query(cluster, "SHOW listen_addresses") == ""


def test_creates_a_database_once_whatever_its_name(base: Path) -> None:
    name = 'Ta sks/ü"%'
    with Cluster(base) as cluster:
        cluster.create_database(name)
        cluster.create_database(name, {"lock_timeout": "7s"})
        with closing(psycopg2.connect(cluster.url(name))) as connection:
            assert connection.info.dbname == name
            cursor = connection.cursor()
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("7s",)


def test_a_second_process_shares_the_server_and_keeps_it(base: Path) -> None:
    first = Cluster(base)
    first.acquire()
    began = started_at(first)
    with owner(base) as second:
        assert url_of(second) == first.url()
        first.release()
        assert started_at(first) == began
        second.communicate(timeout=10)
        assert not processes(base), "a clean exit waits for the end"


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_owner_leaves_its_data_and_no_process(base: Path, death: signal.Signals) -> None:
    cluster = Cluster(base)
    with owner(base) as process:
        assert url_of(process) == cluster.url()
        query(cluster, "CREATE TABLE IF NOT EXISTS deaths (name text)")
        query(cluster, "INSERT INTO deaths VALUES (%s)", death.name)
        running = family(base)
        process.send_signal(death)
        wait_until(lambda: all(map(is_gone, running)))
    wait_until(lambda: not processes(base))
    with cluster:
        assert query(cluster, "SELECT count(*) FROM deaths WHERE name = %s", death.name) == 1


def test_adopts_the_server_of_a_killed_keeper_and_stops_it_later(base: Path) -> None:
    first = Cluster(base)
    first.acquire()
    began = started_at(first)
    keeper = keeper_of(base)
    keeper.kill()
    wait_until(lambda: is_gone(keeper))
    first.release()
    with Cluster(base) as second:
        assert started_at(second) == began
    wait_until(lambda: not processes(base))


def test_starts_again_when_the_server_was_killed_under_its_users(base: Path) -> None:
    with Cluster(base) as first:
        began = started_at(first)
        pid = int((base / "postgres-18/postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        postmaster.kill()
        wait_until(lambda: is_gone(postmaster))
        with Cluster(base) as second:
            assert started_at(second) > began
    wait_until(lambda: not processes(base))


def test_a_pid_file_that_names_a_stranger_neither_blocks_nor_harms(base: Path) -> None:
    with Cluster(base) as cluster:
        sockets = Path(query(cluster, "SHOW unix_socket_directories"))
    pid_file = base / "postgres-18/postmaster.pid"
    server = pid_file.parent.stat()
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=server.st_uid, group=server.st_gid)
    with stranger:
        make_private_folder(sockets)
        pid_file.write_text(f"{stranger.pid}\n{pid_file.parent}\n1\n5432\n{sockets}\n\n")
        (sockets / ".s.PGSQL.5432.lock").write_text(f"{stranger.pid}\n")
        with Cluster(base) as cluster:
            assert query(cluster, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_cleans_up_a_creation_that_was_killed_half_way(fresh: Path) -> None:
    base = fresh / "base"
    half_made = base / "postgres-18.new"
    with owner(base) as process:
        wait_until(half_made.exists)
        process.kill()
    assert not (base / "postgres-18").exists()
    with Cluster(base) as cluster:
        assert query(cluster, "SELECT 1") == 1
        assert not half_made.exists()


def test_a_long_folder_gets_a_short_socket_path_which_goes_with_the_server(fresh: Path) -> None:
    base = fresh / ("long" * 30)
    with Cluster(base, throwaway=True) as cluster:
        sockets = Path(query(cluster, "SHOW unix_socket_directories"))
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_MAX
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


def test_refuses_a_socket_folder_that_others_can_enter(fresh: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="not a private folder"):
        make_private_folder(fresh)


def test_a_temporary_cluster_is_fast_and_leaves_no_folder() -> None:
    with temporary_cluster() as cluster:
        assert query(cluster, "SHOW fsync") == "off"
    assert not cluster.base.exists()
    wait_until(lambda: not processes(cluster.base))


def test_a_temporary_cluster_goes_with_its_killed_owner(fresh: Path) -> None:
    with owner(fresh, TEMPORARY_OWNER) as process:
        base = Path(url_of(process).partition("host=")[2].partition("/socket")[0])
        assert base.exists()
        process.kill()
        wait_until(lambda: not processes(base) and not base.exists())


def test_an_ordinary_user_runs_it_as_himself(fresh: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: the other tests show it")
    nobody = pwd.getpwnam("nobody")
    as_nobody: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(fresh, nobody.pw_uid, nobody.pw_gid)
    try:
        probe = [sys.executable, "-c", "import backend.dev.postgres.cluster"]
        subprocess.run(probe, cwd=ROOT, check=True, capture_output=True, **as_nobody)
    except (PermissionError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nobody cannot run this Python here: {error}")
    with owner(fresh / "base", **as_nobody) as process:
        assert url_of(process)
        assert {one.uids().real for one in family(fresh)} == {nobody.pw_uid}
        process.communicate(timeout=10)
        assert process.returncode == 0


def test_says_which_folder_nobody_cannot_enter(fresh: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root starts it as another user")
    fresh.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match="DEV_POSTGRES_DIR"):
        Cluster(fresh).acquire()
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o700


def test_a_failing_start_shows_the_end_of_the_log(base: Path) -> None:
    with Cluster(base):
        pass
    settings = base / "postgres-18/postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        Cluster(base).acquire()
    settings.write_text("")
    wait_until(lambda: not processes(base))


def test_the_launcher_refuses_a_bad_port_in_one_line() -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "backend.dev.run"],
        cwd=ROOT,
        env=os.environ | {"PORT": "80a"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("Settings: PORT ")
    assert outcome.stderr.count("\n") == 1
