"""Everything that was found, as Markdown, JSON and pictures in bench/results/."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import picture, tables
from bench.plan import CLIENTS, Plan
from bench.results import Memory, Row
from bench.services import OPERATIONS

FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Report:
    """One run."""

    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    plan: Plan
    rows: Sequence[Row]
    memory: Sequence[Memory]


def markdown(report: Report) -> str:
    """Ratios first; then what they are made of."""
    plan, rows = report.plan, report.rows
    how = f"{plan.rounds} rounds of {plan.seconds} s an operation, {CLIENTS} connections"
    parts = [
        f"# Benchmark of {report.date}",
        f"{how}; one process each. Medians of all rounds.",
        ", ".join(f"{name} {value}" for name, value in report.machine.items()),
        ", ".join(f"{name} {value}" for name, value in report.versions.items()),
        tables.ratios(rows),
        tables.cpu_ratios(rows),
        *(tables.figures(rows, operation) for operation in OPERATIONS),
        tables.round_trips(rows),
        *(tables.delays(rows, delay) for delay in plan.delays if delay),
        tables.memory(report.memory),
    ]
    return "\n\n".join(parts) + "\n"


def _throughput(rows: Sequence[Row]) -> str:
    return picture.bars(
        {
            f"{title}, requests/s": {
                row.label: row.rate for row in rows if row.operation == operation
            }
            for operation, title in OPERATIONS.items()
        }
    )


def _distance(rows: Sequence[Row], operation: str) -> str:
    title = f"{OPERATIONS[operation]}: p50 in ms"
    series = {row.label: list(row.delayed.items()) for row in rows if row.operation == operation}
    return picture.curves(title, "delay of a round trip to the database, ms", series)


def write(report: Report, name: str) -> Path:
    """Where the Markdown is; its companions have the same name."""
    FOLDER.mkdir(exist_ok=True)
    text = FOLDER / f"{name}.md"
    text.write_text(markdown(report))
    text.with_suffix(".json").write_text(json.dumps(asdict(report), indent=1) + "\n")
    (FOLDER / f"{name}-throughput.svg").write_text(_throughput(report.rows))
    (FOLDER / f"{name}-distance.svg").write_text(_distance(report.rows, "toggle"))
    return text
