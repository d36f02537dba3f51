"""This service beside its peers: `make bench`, `make bench-quick`."""

from collections import defaultdict
from datetime import UTC, datetime

from bench.database import Database, durable_cluster
from bench.distance import distances
from bench.machine import machine, versions
from bench.plan import Plan
from bench.report import Report, markdown, write_comparison
from bench.results import Turns, memory, rows
from bench.rounds import turns
from bench.services import ALL


def measure(plan: Plan) -> Report:
    """Measure all services, in turns, on a database that they share."""
    date, where = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", machine()
    taken: Turns = defaultdict(list)
    with durable_cluster() as cluster:
        database = Database(cluster)
        for service, turn in turns(database, plan):
            taken[service].append(turn)
        print("round trips", flush=True)
        far = {service: distances(service, database, plan) for service in ALL}
        used = versions(database)
    ordered = {service: taken[service] for service in ALL}
    return Report(date, where, used, plan, rows(ordered, far), memory(ordered))


def compare(name: str, plan: Plan) -> None:
    """Print the report, and write it to bench/results/."""
    report = measure(plan)
    write_comparison(report, name)
    print(f"\n{markdown(report)}")
