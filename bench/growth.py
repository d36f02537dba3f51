"""What a request costs as the number of an owner's tasks, or of owners, grows."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from backend.dev.postgres.cluster import Cluster
from bench.client import NEW_TASK, Client, client
from bench.database import Database, environment
from bench.processes import running
from bench.services import OURS

SIZES = (100, 1_000, 10_000, 100_000)
OWNERS = 10  # while the tasks of each become more
TASKS_OF_AN_OWNER = 10  # while the owners become more
PROBES = 30
DELETES = 3  # of a whole collection, each of another owner
Curves = dict[str, list[tuple[float, float]]]
"""By operation: pairs of a size and a median latency in ms."""


def latency(act: Callable[[], object]) -> float:
    """The time of one call in ms."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _last_page(asking: Client, root: str, tasks: int) -> str:
    """The path of an owner's last full page of 50, found as a client finds it: by the links."""
    limit = max(50, tasks // 200)
    page = following = f"{root}?limit={limit}"
    while following:
        page = following
        following = asking.ask("GET", page)[1]
    return page.replace(f"limit={limit}", "limit=50")


def _costs(asking: Client, tasks: int) -> dict[str, float]:
    """Median latency of each operation, one request at a time, the operations in turns."""
    root = "/api/1/tasks"
    acts = {
        "first page": partial(asking.ask, "GET", f"{root}?limit=50"),
        "deep page": partial(asking.ask, "GET", _last_page(asking, root, tasks)),
        "filtered page": partial(
            asking.ask, "GET", f"{root}?completed=true&priority=high&limit=50"
        ),
        "search, no match": partial(asking.ask, "GET", f"{root}?q=nowhere&limit=50"),
        "create": partial(asking.ask, "POST", root, NEW_TASK),
    }
    taken = [{name: latency(act) for name, act in acts.items()} for _ in range(PROBES)]
    costs = {name: statistics.median(one[name] for one in taken) for name in acts}
    doomed = [f"/api/{owner}/tasks" for owner in range(2, 2 + DELETES)]
    deleted = [latency(partial(asking.ask, "DELETE", path)) for path in doomed]
    return costs | {"collection DELETE": statistics.median(deleted)}


@contextmanager
def _served(cluster: Cluster, owners: int, tasks: int) -> Iterator[Client]:
    """Run the service on a database with so many tasks of so many owners."""
    database = Database(cluster, owners, tasks)
    surroundings = environment(database, database.socket_folder)
    with running(OURS, surroundings) as process, client(process.port) as asking:
        yield asking


def _curves(costs: dict[int, dict[str, float]]) -> Curves:
    operations = next(iter(costs.values()))
    return {name: [(size, of_size[name]) for size, of_size in costs.items()] for name in operations}


def by_tasks(cluster: Cluster) -> Curves:
    """10 owners with 100 to 100,000 tasks each."""
    costs = {}
    for tasks in SIZES:
        print(f"{tasks:,} tasks an owner", flush=True)
        with _served(cluster, OWNERS, OWNERS * tasks) as asking:
            costs[tasks] = _costs(asking, tasks)
    return _curves(costs)


def by_owners(cluster: Cluster) -> Curves:
    """100 to 100,000 owners with 10 tasks each, which are one page: the deep one is the first."""
    costs = {}
    for owners in SIZES:
        print(f"{owners:,} owners", flush=True)
        with _served(cluster, owners, owners * TASKS_OF_AN_OWNER) as asking:
            costs[owners] = _costs(asking, TASKS_OF_AN_OWNER)
            del costs[owners]["deep page"]
    return _curves(costs)
