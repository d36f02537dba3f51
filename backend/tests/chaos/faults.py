"""What may happen to a service. Each returns when it is over."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backend.tests.chaos.load import CONNECTION_LOST, Load
from backend.tests.chaos.world import World
from backend.tests.support.clusters import is_gone
from backend.tests.support.waiting import wait_until

AWAY = "database_unavailable"
LATE = "timeout"
FULL = "overloaded"  # there are more clients than places: two seconds without one is too long
BACKENDS = "FROM pg_stat_activity WHERE application_name = 'tasks-api'"


def terminate_all(world: World, load: Load, times: int = 5) -> None:
    """End all backends of the service, and again when each client was served."""
    with world.below() as execute:
        for _ in range(times):
            execute(f"SELECT pg_terminate_backend(pid) {BACKENDS}")
            load.wait_for_success(time.monotonic())


def restart(world: World, mode: str) -> None:
    """Stop the database as pg_ctl calls it, `fast` or `immediate`, and start it."""
    world.ctl("restart", "-m", mode, "-w")


def fast_restart(world: World, load: Load) -> None:
    restart(world, "fast")


def immediate_restart(world: World, load: Load) -> None:
    restart(world, "immediate")


@contextmanager
def stopped(world: World) -> Iterator[None]:
    """The database is away."""
    world.ctl("stop", "-m", "fast", "-w")
    try:
        yield
    finally:
        world.postgres.start()


def outage(world: World, load: Load, seconds: float = 4) -> None:
    """Longer than the service's patience."""
    with stopped(world):
        time.sleep(seconds)


@contextmanager
def frozen(world: World) -> Iterator[None]:
    """All of the database's processes hold still."""
    family = world.family()
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            process.send_signal(signal.SIGCONT)


def freeze(world: World, load: Load, seconds: float = 5) -> None:
    """Longer than the deadline of a request."""
    with frozen(world):
        time.sleep(seconds)


def kill_postmaster(world: World, load: Load) -> None:
    """Its children notice and end; only then another one can start on their shared memory."""
    family = world.family()
    family[0].kill()
    wait_until(lambda: all(map(is_gone, family)))
    world.postgres.start()


def kill_service(world: World, load: Load) -> None:
    world.service.process.kill()
    world.service.process.wait()
    world.service.start_again()


def locked_row(world: World, load: Load) -> None:
    """Somebody holds the row of an owner until one of the owner's clients is told of it."""
    with world.below() as execute:
        execute("BEGIN")
        execute("SELECT FROM task_lists WHERE user_id = %s FOR UPDATE", load.owners[0])
        wait_until(lambda: LATE in load.verdicts())
        execute("ROLLBACK")


@dataclass(frozen=True)
class Fault:
    """A fault, and the answers beside success that it excuses."""

    name: str
    inflict: Callable[[World, Load], None]
    excuses: frozenset[str] = frozenset()
    repeats: bool = False
    """Whether clients repeat a create that failed, with its key."""
    recovery: float = 5.0
    """Seconds within which the service must serve again."""


UNNOTICED = (
    Fault("5 x terminate all", terminate_all),
    Fault("fast restart", fast_restart),
    Fault("immediate restart", immediate_restart),
)
POSTMASTER_KILLED = Fault("kill -9 postmaster", kill_postmaster, frozenset({AWAY}))
SERVICE_KILLED = Fault(
    "kill -9 service, repeat", kill_service, frozenset({CONNECTION_LOST}), repeats=True
)
FAULTS = (
    *UNNOTICED,
    POSTMASTER_KILLED,
    Fault("outage of 4 s", outage, frozenset({AWAY, FULL}), repeats=True, recovery=1.0),
    Fault("frozen for 5 s", freeze, frozenset({AWAY, LATE, FULL}), recovery=1.0),
    Fault("locked row", locked_row, frozenset({LATE})),
    Fault("kill -9 service", kill_service, frozenset({CONNECTION_LOST})),
    SERVICE_KILLED,
)
