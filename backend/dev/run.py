"""`make run`: a database if none is configured, the migrations, then the server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values
from sqlalchemy.exc import OperationalError

from backend.config import Settings, load_settings
from backend.dev.postgres.cluster import default_cluster
from backend.dev.postgres.errors import EmbeddedPostgresError

ROOT = Path(__file__).parents[2]
LIMITS = {"lock_timeout": "1s", "statement_timeout": "3s"}
"""What production has on the role (README); migrations lift them for themselves."""


def setting(name: str, default: str = "") -> str:
    return os.environ.get(name) or dotenv_values(".env").get(name) or default


def checked() -> Settings:
    """The settings, before anything is started with them."""
    known = bool(setting("DATABASE_URL"))
    return load_settings() if known else load_settings(database_url="postgresql:///embedded")


@contextmanager
def database() -> Iterator[None]:
    """The configured database, or the embedded one for the time of the block."""
    if setting("DATABASE_URL"):
        yield
        return
    with default_cluster() as cluster:
        cluster.create_database("tasks", LIMITS)
        url = cluster.url("tasks")
        # Both: a forgotten MIGRATION_DATABASE_URL would send the migrations elsewhere.
        os.environ.update(DATABASE_URL=url, MIGRATION_DATABASE_URL=url)
        yield


def serve(host: str, port: int) -> None:
    # Slow to import: here Ctrl-C already ends us quietly.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    from backend.serve import run  # noqa: PLC0415

    command.upgrade(Config(ROOT / "alembic.ini"), "head")
    print(f"http://{f'[{host}]' if ':' in host else host}:{port}/docs", flush=True)
    run()


def main() -> None:
    settings = checked()
    try:
        with database():
            serve(settings.host, settings.port)
    except KeyboardInterrupt:
        pass
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None
    except OperationalError as error:
        raise SystemExit(f"The database cannot be reached: {error.orig}") from None


if __name__ == "__main__":
    main()
