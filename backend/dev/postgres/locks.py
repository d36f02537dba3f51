"""Locks on files (flock): the kernel releases them at every kind of death, SIGKILL included."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS = "users.lock"  # shared: one for each process that uses the cluster
SETUP = "setup.lock"  # exclusive: creating, starting, leaving
KEEPER = "keeper.lock"  # exclusive: the keeper, as long as it lives


def take(path: Path, operation: int) -> int:
    """Open and lock a file; closing the descriptor, which is not inherited, unlocks it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the exclusive lock for the block; gives its descriptor."""
    descriptor = take(path, fcntl.LOCK_EX)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_free(path: Path, operation: int) -> bool:
    """Whether the lock could be taken now. Never creates the file: its folder may be going away."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
