"""What `make run` does, in order: settings, port, database, migrations, server."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg2 import OperationalError

from backend.config import Settings, SettingsError, load_settings
from backend.dev.port import holder_of
from backend.dev.postgres.cluster import default_cluster
from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.reloading import serve_with_reload
from backend.edge.listening import address_of, listen
from backend.env_file import EnvFileError, read_env_file

ROOT = Path(__file__).parents[2]
LIMITS = {"lock_timeout": "1s", "statement_timeout": "3s"}
"""The limits that production sets on the role (`docs/production.md`); migrations lift them."""

LOCAL_ORIGINS = "http://localhost:*,http://127.0.0.1:*,http://[::1]:*"
"""Every front end on this machine, whatever port its own server took."""


def setting(name: str) -> str:
    """What the environment or `.env` gives, in either case, as for the settings themselves."""
    around = {key.upper(): value for key, value in os.environ.items() if value}
    try:
        return around.get(name) or read_env_file().get(name, "")
    except EnvFileError as error:
        raise SettingsError(f"Settings: {error}") from None


def checked() -> Settings:
    """The settings, before anything is started with them."""
    if not setting("CORS_ORIGINS"):
        os.environ["CORS_ORIGINS"] = LOCAL_ORIGINS
    known = bool(setting("DATABASE_URL"))
    return load_settings() if known else load_settings(database_url="postgresql:///embedded")


@contextmanager
def database() -> Iterator[None]:
    """The configured database, or the embedded one for the time of the block."""
    if setting("DATABASE_URL"):
        yield
        return
    with default_cluster(setting("DEV_POSTGRES_DIR")) as cluster:
        cluster.create_database("tasks", LIMITS)
        url = cluster.url("tasks")
        # Both: a forgotten MIGRATION_DATABASE_URL would send the migrations elsewhere.
        os.environ.update(DATABASE_URL=url, MIGRATION_DATABASE_URL=url)
        yield


def migrate() -> None:
    """Bring the database to the newest migration."""
    command.upgrade(Config(ROOT / "alembic.ini"), "head")


def serve(settings: Settings, sockets: list[socket.socket]) -> None:
    """Migrate, say where the service is, and serve until a signal comes."""
    migrate()
    from backend.serve import run  # noqa: PLC0415  (reads the settings, which are complete now)

    print(f"{address_of(settings.host, settings.port)}/docs", flush=True)
    if os.environ.get("RELOAD"):
        serve_with_reload(settings, sockets)
    else:
        run(sockets)


def launch(on_listening: Callable[[str], None] = lambda _: None) -> None:
    """Launch, and serve until a signal; what stops it earlier is one line and status 1.

    `on_listening` gets the base URL as soon as the port is ours: who asks there waits.
    """
    settings = checked()
    sockets = listen(settings.host, settings.port, holder_of)
    try:
        on_listening(address_of(settings.host, settings.port))
        # From here on there is something to clean up.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with database():
            serve(settings, sockets)
    except KeyboardInterrupt:
        pass
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None
    except OperationalError as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SystemExit(f"The embedded database cannot be reached: {lines[0]}") from None
    finally:
        for one in sockets:
            one.close()
