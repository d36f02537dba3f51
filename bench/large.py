"""What an owner of 100,000 tasks waits for, and what PostgreSQL reads for it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from backend.dev.postgres.cluster import Cluster
from backend.queries.sorting import SORT_KEYS
from bench.client import Client, client
from bench.database import Database, environment
from bench.growth import latency
from bench.processes import running
from bench.services import OURS

TASKS, OWNERS = 100_000, 10
PROBES = 9
SETTLED = 1.2
"""Seconds after which a connection of PostgreSQL reports what it has read, when it is used next."""

ROOT = "/api/1/tasks"
READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'tasks'"
FILTERS = {
    "completed": "completed=true",
    "priority": "priority=high",
    "a tag of half": "tag=home",
    "a tag that is absent": "tag=absent",
    "a search without a hit": "q=nowhere",
    "due in a week": "due_from=2026-02-01&due_to=2026-02-07",
    "changed lately": "updated_since=2026-12-01T00:00:00Z",
    "count": "count=true",
}
SORTS = {f"sort={sign}{key}": f"sort={sign}{key}" for key in SORT_KEYS for sign in ("", "-")}


@dataclass(frozen=True)
class Felt:
    """Median latency in ms, and rows of tasks that were read for one request."""

    milliseconds: float
    rows: int


def _felt(database: Database, asking: Client, act: Callable[[], object], probes: int) -> Felt:
    before = _rows_read(database, asking)
    spent = [latency(act) for _ in range(probes)]
    read = _rows_read(database, asking) - before
    return Felt(statistics.median(spent), round(read / probes))


def _rows_read(database: Database, asking: Client) -> int:
    time.sleep(SETTLED)
    asking.ask("GET", f"/api/{OWNERS + 1}/tasks")  # of nobody: it only lets the others be reported
    return int(database.execute(READ))


def large(cluster: Cluster) -> dict[str, Felt]:
    """Pages of 50 with all filters and sorts, then everything to the trash and back."""
    database = Database(cluster, OWNERS, OWNERS * TASKS)
    surroundings = environment(database, database.socket_folder)
    alone = replace(OURS, command=("env", "POOL_SIZE=1", *OURS.command))
    queries = {"first page": "", **FILTERS, **SORTS}
    with running(alone, surroundings) as process, client(process.port) as asking:
        felt = {
            name: _felt(
                database, asking, partial(asking.ask, "GET", f"{ROOT}?limit=50&{query}"), PROBES
            )
            for name, query in queries.items()
        }
        empty, restore = (
            partial(asking.ask, "DELETE", ROOT),
            partial(asking.ask, "POST", f"{ROOT}/restore"),
        )
        felt["emptying the list"] = _felt(database, asking, empty, 1)
        felt["restoring all of it"] = _felt(database, asking, restore, 1)
    return felt
