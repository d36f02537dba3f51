"""The account that PostgreSQL runs as: it refuses root, so for root that is `nobody`."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple


class Account(NamedTuple):
    uid: int
    gid: int


def is_root() -> bool:
    return os.geteuid() == 0


def server_account() -> Account:
    if not is_root():
        return Account(os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def run(
    command: Sequence[str | Path],
    output: IO[bytes] | int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> int:
    """Exit status of a command run as the server's account, free of our PG* and LC_* variables."""
    account = server_account()
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"LC_ALL": "C"},
        user=account.uid,
        group=account.gid,
        extra_groups=[] if is_root() else None,
        pass_fds=pass_fds,
        check=False,
    ).returncode
