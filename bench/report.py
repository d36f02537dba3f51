"""The report of a run as Markdown, JSON and pictures in bench/results/."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill

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


def listed(facts: Mapping[str, str]) -> str:
    return fill(", ".join(f"{name} {value}" for name, value in facts.items()), 120)


def markdown(report: Report) -> str:
    """The report as Markdown: ratios first, then the figures behind them."""
    plan, rows = report.plan, report.rows
    how = f"{plan.rounds} rounds of {plan.seconds} s an operation, {CLIENTS} connections"
    parts = [
        f"# Benchmark of {report.date}",
        f"{how}; one process each. Medians of all rounds.",
        listed(report.machine),
        listed(report.versions),
        tables.ratios(rows),
        tables.cpu_ratios(rows),
        tables.database_ratios(rows),
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


def write_comparison(report: Report, name: str) -> None:
    """Files whose names begin with `name`."""
    pictures = {
        "throughput": _throughput(report.rows),
        "distance": _distance(report.rows, "toggle"),
    }
    write(name, markdown(report), asdict(report), pictures)


def write(name: str, text: str, data: object, pictures: Mapping[str, str]) -> None:
    """To bench/results/."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text)
    (FOLDER / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    for kind, drawing in pictures.items():
        (FOLDER / f"{name}-{kind}.svg").write_text(drawing)
