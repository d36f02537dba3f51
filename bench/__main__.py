"""Measure this service beside its peers: `make bench`, `make bench-quick`."""

import argparse
from collections import defaultdict
from datetime import UTC, datetime

from bench.database import Database, durable_cluster
from bench.distance import distances
from bench.machine import machine, versions
from bench.plan import FULL, QUICK, Plan
from bench.report import Report, markdown, write
from bench.results import Turns, memory, rows
from bench.rounds import turns
from bench.services import ALL


def measure(plan: Plan) -> Report:
    """All services, in turns, on a database of their own."""
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less exact, in two minutes")
    quick: bool = parser.parse_args().quick
    report = measure(QUICK if quick else FULL)
    path = write(report, "quick" if quick else "full")
    print(f"\n{markdown(report)}\nWritten to {path.parent}/{path.stem}*")


if __name__ == "__main__":
    main()
