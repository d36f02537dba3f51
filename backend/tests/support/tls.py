"""A PostgreSQL that speaks TLS with a certificate of a private root, and asks for passwords."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import URL

from backend.dev.postgres.account import run, server_account
from backend.tests.support.clusters import folder
from backend.tests.support.server import free_port

NAME = "localhost"
"""The one name in the certificate."""

OWNER_PASSWORD, LOGIN_PASSWORD = "own/er p@ss%", "hunter2:se#cret?"


INITDB = (
    *("--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "--auth-local=trust"),
    "--auth-host=scram-sha-256",
)


class Encrypted(NamedTuple):
    """The server, and the root that signed its certificate."""

    port: int
    root: Path
    socket: Path

    def owner(self, database: str = "postgres") -> URL:
        """The superuser over the socket, where no password is asked for."""
        where = {"host": str(self.socket), "port": str(self.port)}
        return URL.create("postgresql+psycopg2", "postgres", database=database, query=where)


def _programs() -> Path:
    """Where an installed PostgreSQL is: the embedded one is built without TLS."""
    found = [Path(one).parent for one in (shutil.which("initdb"),) if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # Debian, Ubuntu
    if not found:
        pytest.skip("no PostgreSQL with TLS is installed (Debian: apt-get install postgresql)")
    return found[0]


def _certificates(path: Path) -> None:
    """A root, and a certificate for NAME that it signed, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    days, key = ("-days", "2"), ("-newkey", "rsa:2048", "-nodes")
    extension = path / "extension"
    extension.write_text(f"subjectAltName=DNS:{NAME}\n")
    request, sign = f"req {shlex.join(key)}", f"x509 -req {shlex.join(days)}"
    ca = "-addext basicConstraints=critical,CA:TRUE"
    self_signed = f"-x509 {shlex.join(days)} -keyout root.key -out root.pem -subj /CN=root {ca}"
    signed = "-CA root.pem -CAkey root.key -CAcreateserial -out server.pem -extfile extension"
    for command in (
        f"{request} {self_signed}",
        f"{request} -keyout server.key -out server.csr -subj /CN={NAME}",
        f"{sign} -in server.csr {signed}",
    ):
        arguments = [openssl, *shlex.split(command)]
        subprocess.run(arguments, cwd=path, check=True, capture_output=True, timeout=60)


@contextmanager
def encrypted_server() -> Iterator[Encrypted]:
    """Listens on 127.0.0.1; passwords are asked for with SCRAM over TCP alone."""
    with folder() as path:
        place, data, port = path / "tls", path / "tls/data", free_port()
        place.mkdir(mode=0o700)
        _certificates(place)
        root = path / "root.pem"
        shutil.copy(place / "root.pem", root)
        for one in (place, *place.iterdir()):
            os.chown(one, *server_account())
            one.chmod(0o700 if one.is_dir() else 0o600)
        programs = _programs()
        with (path / "log").open("ab") as log:
            done = run([programs / "initdb", "--pgdata", data, *INITDB], output=log)
            assert done == 0, (path / "log").read_text()
            settings = {
                "listen_addresses": "127.0.0.1",
                "port": str(port),
                "unix_socket_directories": str(place),
                "ssl": "on",
                "ssl_cert_file": str(place / "server.pem"),
                "ssl_key_file": str(place / "server.key"),
                "fsync": "off",
            }
            given = shlex.join(f"--{name}={value}" for name, value in settings.items())
            control: list[str | Path] = [programs / "pg_ctl", "-s", "-w", "-D", data]
            done = run([*control, "-o", given, "start"], output=log)
            assert done == 0, (path / "log").read_text()
            try:
                yield Encrypted(port, root, place)
            finally:
                run([*control, "-m", "immediate", "stop"], output=log)


def execute_as_owner(server: Encrypted, *statements: str) -> None:
    engine = create_engine(server.owner(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
