"""`make reset`: all tasks of the embedded database are gone; it asks before."""

import os
import sys

from psycopg2 import errors

from backend.dev.launcher import setting
from backend.dev.postgres.cluster import Cluster, default_cluster
from backend.dev.postgres.errors import EmbeddedPostgresError

UNATTENDED = "Nobody is here to be asked: CONFIRM=yes removes all tasks without asking."
CONFIGURED = "DATABASE_URL is set: this removes the tasks of the embedded database only. Unset it."
IN_USE = "The embedded database is in use: end `make run` and `make sql` first."


def is_confirmed(cluster: Cluster) -> bool:
    """Whether the user has said so. Raises SystemExit where nobody can."""
    if os.environ.get("CONFIRM") == "yes":
        return True
    if not sys.stdin.isatty():
        raise SystemExit(UNATTENDED)
    try:
        return input(f"Remove all tasks of {cluster.base}? Type yes: ").strip() == "yes"
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def main() -> None:
    """Remove the database; the next `make run` makes an empty one. Status 1 if nothing was done."""
    if setting("DATABASE_URL"):
        raise SystemExit(CONFIGURED)
    cluster = default_cluster(setting("DEV_POSTGRES_DIR"))
    if not cluster.exists():
        print(f"There is no database in {cluster.base}.")
        return
    if cluster.is_used():
        raise SystemExit(IN_USE)
    if not is_confirmed(cluster):
        raise SystemExit("Nothing was removed.")
    try:
        with cluster:
            cluster.drop_database("tasks")
    except errors.ObjectInUse:
        raise SystemExit(IN_USE) from None
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None
    print("All tasks are removed. `make run` begins with an empty list.")


if __name__ == "__main__":
    main()
