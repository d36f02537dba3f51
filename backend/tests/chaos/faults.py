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
    """Within the service's patience."""
    with stopped(world):
        time.sleep(seconds)


def long_outage(world: World, load: Load) -> None:
    """Longer than the service's patience."""
    outage(world, load, seconds=9)


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


def read_only(world: World, load: Load, seconds: float = 3) -> None:
    """A failover to a database that takes no writes, and back: sessions of the time stay so."""
    name = world.database.database
    with world.below() as execute:
        execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        execute(f"SELECT pg_terminate_backend(pid) {BACKENDS}")
        time.sleep(seconds)
        execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


def read_only_for_long(world: World, load: Load) -> None:
    """Longer than the service's patience."""
    read_only(world, load, seconds=8)


def go_dead(world: World, load: Load, times: int = 3) -> None:
    """What the clients' connections were used for is lost in flight; what was idle is replaced."""
    assert world.line
    for _ in range(times):
        world.line.go_dead()
        load.wait_for_success(time.monotonic())


def go_dead_while_idle(world: World, load: Load, times: int = 3) -> None:
    """The clients pause until every connection is suspect."""
    assert world.line
    for _ in range(times):
        with load.paused():
            time.sleep(1.2)
            world.line.go_dead()
        load.wait_for_success(time.monotonic())


def sleep(world: World, load: Load, seconds: float = 4) -> None:
    """A serverless database is suspended while nobody asks, and then takes its time to wake."""
    assert world.line
    with load.paused():
        time.sleep(1.2)
        world.line.suspend()
    time.sleep(seconds)
    world.line.wake()


def freeze(world: World, load: Load, seconds: float = 9) -> None:
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
    while_idle: bool = False
    """Whether it finds connections that nobody uses; so nobody follows the feed meanwhile."""


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
    Fault("outage of 4 s", outage, recovery=1.0),
    Fault("outage of 9 s", long_outage, frozenset({AWAY, FULL}), repeats=True, recovery=1.0),
    Fault("frozen for 9 s", freeze, frozenset({AWAY, LATE, FULL}), recovery=1.0),
    Fault("read-only for 3 s", read_only, recovery=1.0),
    Fault(
        "read-only for 8 s", read_only_for_long, frozenset({AWAY, FULL}), repeats=True, recovery=1.0
    ),
    Fault("locked row", locked_row, frozenset({LATE})),
    Fault("kill -9 service", kill_service, frozenset({CONNECTION_LOST})),
    SERVICE_KILLED,
)
BEHIND_A_LINE = (
    Fault("3 x dead while idle", go_dead_while_idle, while_idle=True),
    Fault("3 x dead in use", go_dead, frozenset({LATE, AWAY, FULL}), repeats=True),
    Fault("asleep, wakes in 4 s", sleep, recovery=1.0, while_idle=True),
)
"""Those that need a line between the service and its database."""
