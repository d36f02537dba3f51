"""`python -m backend.commands.doctor`: what is right and what is not, each with the way out.

Reads settings and catalogues, and changes nothing. Status 1 if a line says `fail`.
"""

import argparse
import json
import signal
import time
from collections.abc import Iterator

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from backend.commands.diagnosis.connection import (
    connected,
    connection_findings,
    server_findings,
    timeout_findings,
)
from backend.commands.diagnosis.findings import Finding, fail, ok
from backend.commands.diagnosis.rights import (
    login_findings,
    migration_finding,
    migrator_findings,
)
from backend.commands.diagnosis.server_log import server_log_findings
from backend.commands.diagnosis.settings import settings_findings
from backend.commands.terminal import INTERRUPTED
from backend.config import Settings, get_settings
from backend.database.migration_errors import reason
from backend.database.waiting import install_wait_callback

PATIENCE = 15.0
"""Seconds for all questions to one connection."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.commands.doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="an array of objects, for programs")
    return parser.parse_args()


def service_findings(settings: Settings) -> Iterator[Finding]:
    """Of the database as the service reaches it."""
    with connected(settings.url, time.monotonic() + PATIENCE) as connection:
        yield from connection_findings(connection, settings.url, "database")
        yield from server_findings(connection)
        yield migration_finding(connection)
        yield from login_findings(connection)
        yield from timeout_findings(connection)
        yield from server_log_findings(connection)


def migration_findings(settings: Settings) -> Iterator[Finding]:
    """Of the database as Alembic reaches it, where it has an address of its own."""
    if settings.migration_database_url is None:
        yield ok("migrations", "use DATABASE_URL: MIGRATION_DATABASE_URL is not set")
        return
    with connected(settings.migration_url, time.monotonic() + PATIENCE) as connection:
        yield from connection_findings(connection, settings.migration_url, "migrations")
        yield from migrator_findings(connection)


def examined(subject: str, url: URL, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, and the reason in a line where the database lets no more be found."""
    try:
        yield from findings
    except DBAPIError as error:
        where = url.host or "the socket"
        yield fail(subject, f"{reason(error)} (asked at {where}); correct the URL or the server")


def diagnose(settings: Settings) -> Iterator[Finding]:
    """Everything, settings first."""
    yield from settings_findings(settings)
    yield from examined("database", settings.url, service_findings(settings))
    yield from examined("migrations", settings.migration_url, migration_findings(settings))


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    install_wait_callback()  # so that what does not answer ends after PATIENCE
    failed, told = False, []
    try:
        for finding in diagnose(get_settings()):
            failed |= finding.level == "fail"
            told.append(finding._asdict())
            if not options.json:
                print(finding, flush=True)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    if options.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
