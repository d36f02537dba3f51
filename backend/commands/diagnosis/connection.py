"""Whether and how the database is reached: address, encryption, pooler, version, clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import ConnectionInfo
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL

from backend.commands.diagnosis.findings import Finding, fail, ok, warn
from backend.database.waiting import Deadline

OLDEST, NEWEST = 14, 18
"""Major versions of PostgreSQL that the service is meant for."""

MAX_CLOCK_DIFFERENCE = 5.0
"""Seconds by which the two clocks may differ."""

_CHECKED = {"verify-ca": "its issuer is checked", "verify-full": "its issuer and name are checked"}
_TIMEOUTS = {
    "statement_timeout": "3s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "5s",
}


@contextmanager
def connected(url: URL, at: float) -> Iterator[Connection]:
    """A connection for the block, which ends at this moment of `time.monotonic()` at the latest."""
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
    )
    with Deadline(at), engine.connect() as connection:
        yield connection


def connection_findings(connection: Connection, url: URL, subject: str) -> Iterator[Finding]:
    """Findings about an open connection."""
    info: ConnectionInfo = connection.connection.dbapi_connection.info  # type: ignore[union-attr]
    yield ok(subject, f"reached as {info.user} at {_place(info)}, database {info.dbname}")
    yield _encryption(info, url, subject)
    yield _pooler(connection, info, url, subject)


def server_findings(connection: Connection) -> Iterator[Finding]:
    """Findings about the server and this database that hold for every login."""
    major = int(_one(connection, "SELECT current_setting('server_version_num')::int / 10000"))
    version = _one(connection, "SHOW server_version")
    if major < OLDEST:
        yield fail("version", f"PostgreSQL {version}; {OLDEST} to {NEWEST} are needed: upgrade it")
    elif major > NEWEST:
        yield warn("version", f"PostgreSQL {version}; tried with {OLDEST} to {NEWEST}")
    else:
        yield ok("version", f"PostgreSQL {version}")
    encoding = _one(connection, "SHOW server_encoding")
    if encoding == "UTF8":
        yield ok("encoding", encoding)
    else:
        way_out = "dump it, and restore it into one with CREATE DATABASE … ENCODING 'UTF8'"
        yield fail("encoding", f"{encoding} cannot hold every text: {way_out} TEMPLATE template0")
    yield _writable(connection)
    yield _clock(connection)


def timeout_findings(connection: Connection) -> Iterator[Finding]:
    """Of the login's role: where it has no limit, a request's statement outlives the request."""
    for name, usual in _TIMEOUTS.items():
        value = _one(connection, f"SHOW {name}")
        if value == "0":
            role = _one(connection, "SELECT quote_ident(current_user)")
            yield warn(name, f"none: ALTER ROLE {role} SET {name} = '{usual}'")
        else:
            yield ok(name, value)


def _one(connection: Connection, statement: str) -> Any:
    return connection.execute(text(statement)).scalar_one()


def _place(info: ConnectionInfo) -> str:
    if info.host.startswith(("/", "@")):
        return f"the socket in {info.host}, port {info.port}"
    return f"{info.host} port {info.port}"


def _encryption(info: ConnectionInfo, url: URL, subject: str) -> Finding:
    mode = url.query.get("sslmode", "prefer")
    if info.host.startswith(("/", "@")):
        return ok(f"{subject}, TLS", "none is needed on a socket")
    if not info.ssl_in_use:
        is_here = info.host in {"localhost", "127.0.0.1", "::1"}
        line = "not encrypted: add sslmode=verify-full, or sslmode=require, to the URL"
        return (ok if is_here else warn)(f"{subject}, TLS", line)
    protocol = info.ssl_attribute("protocol")
    if mode in _CHECKED:
        return ok(f"{subject}, TLS", f"{protocol}; of the certificate {_CHECKED[str(mode)]}")
    return warn(
        f"{subject}, TLS",
        f"{protocol}, but the certificate is not checked: use sslmode=verify-full, with "
        "sslrootcert=/path/of/the/root.pem",
    )


def _pooler(connection: Connection, info: ConnectionInfo, url: URL, subject: str) -> Finding:
    """A pooler has no process of its own to name, so the numbers differ; Neon's name tells it."""
    backend = _one(connection, "SELECT pg_backend_pid()")
    host = (info.host or "").partition(".")[0]
    if backend == info.backend_pid and not host.endswith("-pooler"):
        return ok(f"{subject}, way", "direct")
    if subject == "migrations":
        return warn(
            f"{subject}, way",
            "through a pooler: let MIGRATION_DATABASE_URL lead to the database itself",
        )
    return ok(f"{subject}, way", "through a pooler, in transaction mode as it must be")


def _writable(connection: Connection) -> Finding:
    if _one(connection, "SELECT pg_is_in_recovery()"):
        return fail("writing", "this is a standby: let DATABASE_URL lead to the primary")
    if _one(connection, "SHOW transaction_read_only") == "on":
        line = "this database is read-only (default_transaction_read_only): set it to off"
        return fail("writing", line)
    return ok("writing", "the database can be written")


def _clock(connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs = _one(connection, "SELECT clock_timestamp()")
    ours = before + (datetime.now(UTC) - before) / 2
    seconds = (theirs - ours).total_seconds()
    line = f"the database's is {abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'}"
    if abs(seconds) > MAX_CLOCK_DIFFERENCE:
        return warn("clock", f"{line}: synchronise both (NTP); times in tasks are the database's")
    return ok("clock", line)
