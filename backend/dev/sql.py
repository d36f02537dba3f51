"""`make sql`: psql, which came with the embedded PostgreSQL, on the database of `make run`."""

import os
import signal
import subprocess
import sys

from psycopg2.extensions import make_dsn
from sqlalchemy.engine import URL

from backend.config import load_settings
from backend.dev.launcher import database
from backend.dev.postgres.binaries import bin_folder
from backend.dev.postgres.errors import EmbeddedPostgresError


def call(url: URL) -> tuple[str, dict[str, str]]:
    """The address for psql, and its environment: a password is in no list of processes."""
    known = url.translate_connect_args(username="user", database="dbname")
    password = known.pop("password", None)
    secret = {"PGPASSWORD": password} if password else {}
    options = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in url.query.items()
    }
    return make_dsn(**known, **options), {**os.environ, **secret}


def main() -> None:
    """Its arguments are psql's, and so is its status."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is psql's: it cancels a statement
    try:
        with database():
            address, environment = call(load_settings().url)
            command = [str(bin_folder() / "psql"), "--dbname", address, *sys.argv[1:]]
            status = subprocess.run(command, env=environment, check=False).returncode
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None
    sys.exit(status)


if __name__ == "__main__":
    main()
