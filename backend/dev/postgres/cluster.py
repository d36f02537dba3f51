"""A PostgreSQL cluster that several processes share: up while anybody uses it.

Each user holds a shared lock on one file; a keeper process waits for the exclusive one and then
stops the server. So no kind of death leaves a server behind, and nobody needs a signal handler.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg2
from psycopg2 import sql

from backend.dev.postgres import keeper
from backend.dev.postgres.account import is_root
from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.postgres.folders import SYSTEM_FOLDER, make_base_folder
from backend.dev.postgres.locks import KEEPER, SETUP, USERS, is_free, locked, take
from backend.dev.postgres.server import Server, wait_until

PATIENCE_AT_EXIT = 10.0  # seconds
NONE: Mapping[str, str] = MappingProxyType({})


class Cluster:
    """Data, log, locks and socket in one base folder, which `throwaway` deletes at the end."""

    def __init__(self, base: Path, *, throwaway: bool = False) -> None:
        self.base = base.absolute().resolve()
        self._server = Server(self.base, throwaway=throwaway)
        self._users: int | None = None

    def acquire(self) -> None:
        """Use the cluster: create, start or adopt it. Raises EmbeddedPostgresError."""
        try:
            make_base_folder(self.base)
            self._users = take(self.base / USERS, fcntl.LOCK_SH)
            with locked(self.base / SETUP) as setup:
                if is_free(self.base / KEEPER, fcntl.LOCK_EX):
                    keeper.launch(self._server)
                self._server.create(pass_fds=(self._users, setup))
                self._server.start()
        except BaseException as error:
            self.release()
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(
                    f"no database in {self.base}: {error.strerror or error}; "
                    "set DEV_POSTGRES_DIR to a folder that this account can write to"
                ) from error
            raise

    def release(self) -> None:
        """Leave the cluster; the last one out waits (10 s at most) until the server is down."""
        if self._users is None:
            return
        try:
            with suppress(FileNotFoundError), locked(self.base / SETUP):
                self._leave()
                wait_until(lambda: self._is_down() or self.is_used(), PATIENCE_AT_EXIT)
        finally:
            self._leave()

    def url(self, database: str = "postgres") -> str:
        """Such as postgresql://postgres@/tasks?host=/a&port=5432; libpq and SQLAlchemy read it."""
        return self._server.url(database)

    def create_database(self, name: str, settings: Mapping[str, str] = NONE) -> None:
        """Create the database if it is missing; let all of its sessions begin with the settings."""
        database = sql.Identifier(name)
        creation = sql.SQL("CREATE DATABASE {}").format(database)
        alteration = sql.SQL("ALTER DATABASE {} SET {} = {}")
        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT pg_advisory_lock(1)")  # two at once would fail
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
            if cursor.rowcount == 0:
                cursor.execute(creation)
            for setting, value in settings.items():
                parts = database, sql.Identifier(setting), sql.Literal(value)
                cursor.execute(alteration.format(*parts))

    def exists(self) -> bool:
        """Whether it was ever created here."""
        return self._server.data.exists()

    def is_used(self) -> bool:
        """Whether others use it: a shared lock can be had and an exclusive one not.

        A keeper blocks both.
        """
        users = self.base / USERS
        return not is_free(users, fcntl.LOCK_EX) and is_free(users, fcntl.LOCK_SH)

    def drop_database(self, name: str) -> None:
        """Remove the database, if it is there; raises ObjectInUse while others are connected."""
        removal = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            connection.cursor().execute(removal)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _is_down(self) -> bool:
        return is_free(self.base / KEEPER, fcntl.LOCK_EX)


def default_cluster(chosen: str = "") -> Cluster:
    """The cluster of all of a user's processes: in DEV_POSTGRES_DIR, or with the user's data."""
    chosen = chosen or os.environ.get("DEV_POSTGRES_DIR", "")
    if chosen:
        return Cluster(Path(chosen))
    if is_root():
        return Cluster(SYSTEM_FOLDER)
    usual = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    try:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / usual)
    except RuntimeError:  # this account has no home
        raise EmbeddedPostgresError(
            "no home folder for the database: set DEV_POSTGRES_DIR to a folder that this account "
            "can write to"
        ) from None
    return Cluster(data / SYSTEM_FOLDER.name)


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """A cluster for one test run: fast, unsafe against power cuts, and deleted at the end."""
    base = Path(tempfile.mkdtemp(prefix="pg-"))
    if is_root():
        base.chmod(0o711)  # `nobody` must get through
    with Cluster(base, throwaway=True) as cluster:
        yield cluster
