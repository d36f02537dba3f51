"""How this service grows: `make bench-growth`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from bench.crowd import Crowd, crowds
from bench.database import Database, durable_cluster
from bench.growth import Curves, by_owners, by_tasks
from bench.large import Felt, large
from bench.machine import machine, versions
from bench.picture import curves
from bench.report import listed, write
from bench.tables import table

LIMIT = 200  # ms, of NFR-04


@dataclass(frozen=True)
class Scale:
    """One run."""

    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    tasks: Curves
    owners: Curves
    crowds: Sequence[Crowd]
    large: dict[str, Felt]


def measure() -> Scale:
    date, where = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", machine()
    with durable_cluster() as cluster:
        usual = Database(cluster)
        found = crowds(usual)
        used, tasks, owners = versions(usual), by_tasks(cluster), by_owners(cluster)
        return Scale(date, where, used, tasks, owners, found, large(cluster))


def _curves_table(what: str, costs: Curves) -> str:
    sizes = [f"{size:,}" for size, _ in next(iter(costs.values()))]
    lines = [[name, *(f"{cost:.1f}" for _, cost in points)] for name, points in costs.items()]
    return table([f"p50 in ms by {what}", *sizes], lines)


def _large_table(felt: dict[str, Felt]) -> str:
    lines = [[name, f"{one.milliseconds:.1f}", f"{one.rows:,}"] for name, one in felt.items()]
    return table(["an owner of 100,000 tasks", "p50 ms", "rows read"], lines)


def _crowd_line(crowd: Crowd) -> list[str]:
    seen = crowd.seen
    latency = [f"{value:.0f}" for value in (seen.p50, seen.p95, seen.p99)]
    numbers = [str(crowd.connections), str(crowd.offered or "any"), f"{seen.rate:,.0f}"]
    verdict = "" if crowd.offered is None else "yes" if seen.p95 < LIMIT else "NO"
    memory = [f"{crowd.idle:.0f}", f"{crowd.peak:.0f}"]
    return [str(crowd.workers), *numbers, *latency, verdict, str(seen.failed), *memory]


def markdown(scale: Scale) -> str:
    head = ["workers", "connections", "offered/s", "answered/s", "p50 ms", "p95", "p99"]
    head += [f"p95 < {LIMIT} ms", "failed", "idle MiB", "peak MiB"]
    parts = [
        f"# Growth, {scale.date}",
        listed(scale.machine),
        listed(scale.versions),
        "One request at a time:",
        _curves_table("tasks of an owner", scale.tasks),
        _curves_table("owners", scale.owners),
        _large_table(scale.large),
        "70 % reads, 20 % lists of 50, 5 % creates, 5 % toggles:",
        table(head, map(_crowd_line, scale.crowds)),
    ]
    return "\n\n".join(parts) + "\n"


def _crowd_curves(found: Sequence[Crowd]) -> Curves:
    lines: Curves = {}
    for crowd in found:
        if crowd.offered is None:
            line = lines.setdefault(f"workers: {crowd.workers}", [])
            line.append((crowd.connections, crowd.seen.rate))
    return lines


def grow() -> None:
    """Measure, print, write to bench/results/."""
    scale = measure()
    pictures = {
        "tasks": curves("p50 in ms", "tasks of an owner", scale.tasks),
        "owners": curves("p50 in ms", "owners", scale.owners),
        "connections": curves("requests/s of the mix", "connections", _crowd_curves(scale.crowds)),
    }
    write("growth", markdown(scale), asdict(scale), pictures)
    print(f"\n{markdown(scale)}")
