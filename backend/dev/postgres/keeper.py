"""The process that stops a cluster's server when its last user has ended, in whatever way.

`python -m backend.dev.postgres.keeper BASE [--throwaway]`; a cluster launches it, people need not.
"""

import argparse
import fcntl
import os
import subprocess
import sys
from pathlib import Path

from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.postgres.locks import KEEPER, USERS, take
from backend.dev.postgres.server import Server

ROOT = Path(__file__).parents[3]


def launch(server: Server) -> None:
    """Start a keeper in a session of its own, which no Ctrl-C reaches; it then holds its lock."""
    command = [sys.executable, "-m", "backend.dev.postgres.keeper", str(server.base)]
    with server.log.open("ab") as log:
        status = subprocess.run(
            command + ["--throwaway"] * server.throwaway,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            check=False,
        ).returncode
    if status != 0:
        raise EmbeddedPostgresError(f"the keeper of {server.base} did not start: see {server.log}")


def keep(server: Server) -> None:
    """Wait until nobody uses the cluster, then stop it; new users wait for USERS meanwhile."""
    users = take(server.base / USERS, fcntl.LOCK_EX)
    if not _replaced(server.base / USERS, users):
        server.stop()


def _replaced(path: Path, descriptor: int) -> bool:
    """Whether the folder was deleted and created again meanwhile: another keeper has it then."""
    return path.exists() and not os.path.samestat(path.stat(), os.fstat(descriptor))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("base", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    arguments = parser.parse_args()
    try:
        alive = take(arguments.base / KEEPER, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):  # there is one, or nothing to keep
        return
    if os.fork() == 0:  # the lock goes with the child; its launcher sees the parent end
        keep(Server(arguments.base, throwaway=arguments.throwaway))
        # First KEEPER, then USERS: whoever comes next sees that no keeper is left. An exit alone
        # closes them in any order: Linux puts the work of the last file first.
        os.close(alive)
        os._exit(0)


if __name__ == "__main__":
    main()
