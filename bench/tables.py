"""The results as Markdown tables, which can be read in a terminal, too."""

from collections.abc import Iterable, Sequence

from bench.results import Memory, Ratio, Row
from bench.services import OPERATIONS, OURS


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    grid = [list(head), *map(list, lines)]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    grid.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in grid
    )


def _against(ratio: Ratio) -> str:
    measured = f"{ratio.throughput:.2f} ({ratio.lowest:.2f}–{ratio.highest:.2f})"
    if ratio.target is None:
        return measured
    return f"{measured} ≥ {ratio.target:g}{' MISSED' if ratio.misses else ''}"


def _by_service(rows: Sequence[Row]) -> list[list[Row]]:
    names = dict.fromkeys(row.service for row in rows)
    return [[row for row in rows if row.service == name] for name in names]


def ratios(rows: Sequence[Row]) -> str:
    lines = [
        [of_one[0].label, *(_against(row.ratio) for row in of_one)]
        for of_one in _by_service(rows)
        if of_one[0].service != OURS.name
    ]
    return table(["ours against", *OPERATIONS.values()], lines)


def cpu_ratios(rows: Sequence[Row]) -> str:
    lines = [
        [of_one[0].label, *(f"{row.ratio.cpu:.2f}×" for row in of_one)]
        for of_one in _by_service(rows)
        if of_one[0].service != OURS.name
    ]
    return table(["CPU of a request, in ours", *OPERATIONS.values()], lines)


def database_ratios(rows: Sequence[Row]) -> str:
    lines = [
        [of_one[0].label, *(f"{row.ratio.database_cpu:.2f}×" for row in of_one)]
        for of_one in _by_service(rows)
        if of_one[0].service != OURS.name
    ]
    return table(["CPU of PostgreSQL, in ours", *OPERATIONS.values()], lines)


def figures(rows: Sequence[Row], operation: str) -> str:
    """One operation: throughput, latency, CPU."""
    head = [OPERATIONS[operation], "requests/s", "ratio, lowest–highest", "p50 ms", "p95", "p99"]
    lines = [
        [
            row.label,
            f"{row.rate:,.0f}",
            f"{row.ratio.throughput:.2f} ({row.ratio.lowest:.2f}–{row.ratio.highest:.2f})",
            *(f"{value:.1f}" for value in (row.p50, row.p95, row.p99)),
            f"{row.cpu:,.0f}",
            f"{row.database_cpu:,.0f}",
            str(row.failed),
        ]
        for row in rows
        if row.operation == operation
    ]
    return table([*head, "CPU µs", "Postgres µs", "failed"], lines)


def round_trips(rows: Sequence[Row]) -> str:
    lines = [
        [of_one[0].label, *(str(row.round_trips) for row in of_one)] for of_one in _by_service(rows)
    ]
    return table(["round trips a request", *OPERATIONS.values()], lines)


def delays(rows: Sequence[Row], delay: int) -> str:
    lines = [
        [of_one[0].label, *(f"{row.delayed[delay]:.1f}" for row in of_one)]
        for of_one in _by_service(rows)
    ]
    return table([f"p50 in ms, a round trip + {delay} ms", *OPERATIONS.values()], lines)


def memory(uses: Sequence[Memory]) -> str:
    lines = [[use.label, f"{use.idle:.0f}", f"{use.peak:.0f}"] for use in uses]
    return table(["memory of the process, MiB", "started", "peak"], lines)
