"""PgBouncer in transaction mode between the service and its database (`make test-pgbouncer`)."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.dev.postgres.account import is_root
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.databases import LOGIN, POOLED, url_of
from backend.tests.support.waiting import wait_until

PORT = 6432
CONFIGURATION = """
[databases]
* = host={sockets} port={server_port}
[pgbouncer]
unix_socket_dir = {folder}
unix_socket_mode = 0777
listen_port = {port}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
max_client_conn = 2000
default_pool_size = 30
server_idle_timeout = 5
server_login_retry = 1
query_wait_timeout = 3
logfile = {folder}/log
"""


@contextmanager
def pooled(cluster: Cluster) -> Iterator[None]:
    """Let the service find every database of this cluster through a pooler."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    assert program, "pgbouncer is missing: apt-get install pgbouncer"
    folder = Path(tempfile.mkdtemp(prefix="bouncer-", dir="/tmp"))  # a socket's path is short
    folder.chmod(0o777)
    query = url_of(cluster, "postgres").query
    (folder / "users").write_text(f'"{LOGIN}" ""\n')
    text = CONFIGURATION.format(
        sockets=query["host"], server_port=query["port"], folder=folder, port=PORT
    )
    (folder / "ini").write_text(text)
    command = [program, *(["-u", "nobody"] if is_root() else []), str(folder / "ini")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until((folder / f".s.PGSQL.{PORT}").exists)
            POOLED[str(query["host"])] = {"host": str(folder), "port": str(PORT)}
            yield
        finally:
            POOLED.clear()
            process.terminate()
            process.wait()
            shutil.rmtree(folder)
