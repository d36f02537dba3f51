"""The folders of a cluster: the base that we own, and inside it those of the server's account."""

import os
import stat
from hashlib import sha256
from pathlib import Path

from backend.dev.postgres.account import is_root, run, server_account
from backend.dev.postgres.errors import EmbeddedPostgresError

SYSTEM_FOLDER = Path("/var/lib/tasks-api-dev")
PORT = 5432  # a part of the socket's name; given everywhere, so that PGPORT changes nothing
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_MAX = 100  # bytes; the kernel's limit is 103 on macOS, 107 on Linux


def make_base_folder(folder: Path) -> None:
    """Create a folder private to us, which for root lets `nobody` pass; leave an existing one."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o711 if is_root() else 0o700)
    if is_root() and run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]) != 0:
        raise EmbeddedPostgresError(
            f"user nobody, who runs PostgreSQL for root, cannot enter {folder}: "
            "set DEV_POSTGRES_DIR to a folder that everybody can reach"
        )


def make_private_folder(folder: Path) -> None:
    """Create a folder for the server's account alone, or accept one that is so already."""
    account = server_account()
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not private or found.st_uid not in {os.geteuid(), account.uid}:
        raise EmbeddedPostgresError(f"{folder} is not a private folder of ours: remove it")
    os.chown(folder, *account)


def socket_folder(base: Path) -> Path:
    """In the base folder; where that is too long, or libpq would read it as a list, under /tmp.

    Not under $TMPDIR: every process must come to the same folder.
    """
    folder = base / "socket"
    path = os.fsencode(folder / SOCKET_NAME)
    if len(path) <= SOCKET_PATH_MAX and b"," not in path:
        return folder
    return Path("/tmp") / f"tasks-api-{sha256(os.fsencode(base)).hexdigest()[:16]}"  # noqa: S108
