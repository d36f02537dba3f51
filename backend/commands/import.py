# ruff: noqa: N999  (`python -m backend.commands.import` is what an operator types)
"""`python -m backend.commands.import --owner 1 --format csv FILE`: bring the tasks of a file in.

Of any size, beside the running service and over its own (pooled) address. The file is read through
first: if anything is wrong in it, nothing is written. Then 1,000 tasks at a time, all or nothing.
Interrupted, the same command goes on: what is there already is not made twice.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.commands.terminal import INTERRUPTED, Stopped, operator_session, owner_id, zone
from backend.config import get_settings
from backend.database.execution import OperatorSession
from backend.services.transfer.formats import FORMATS
from backend.services.transfer.importing import ImportService
from backend.services.transfer.reading import Contents, Reading, Tally
from backend.services.transfer.record import MESSAGES, Flaw, Record
from backend.services.transfer.report import SKIPPED, Report
from backend.services.transfer.source import Source
from backend.services.transfer.ties import in_order

CHUNK = 1000
"""Tasks that one statement writes; others' writes to the list wait for it."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.commands.import", description=__doc__)
    parser.add_argument("--owner", type=owner_id, required=True, metavar="ID")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
    help_of_zone = "where times without a zone are (default UTC)"
    parser.add_argument(
        "--time-zone", type=zone, default=ZoneInfo("UTC"), metavar="ZONE", help=help_of_zone
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    return parser.parse_args()


def chunks(options: argparse.Namespace) -> Iterator[Contents]:
    """The contents of the file, some tasks at a time; the last one has less than CHUNK."""
    with options.file.open("rb") as stream:
        reading = Reading(FORMATS[options.format].read, Source(stream, options.time_zone))
        while True:
            contents = reading.take(CHUNK)
            yield contents
            if len(contents.records) < CHUNK:
                return


def ordered(options: argparse.Namespace, whole: Contents) -> Iterator[Contents]:
    """The same, with each task behind those that it names: one that stands before them waits.

    `whole`: the names of all tasks of the file.
    """
    tally, earlier = Tally(), set[str | None]()

    def records() -> Iterator[Record]:
        for contents in chunks(options):
            tally.add_all(contents.tally)
            yield from contents.records

    rest = in_order(records(), whole.uids, whole.keys)
    while part := list(islice(rest, CHUNK)):
        yield Contents(part, tally, keys=whole.keys, earlier=earlier if options.dry_run else ())
        earlier |= {record.uid for record in part}
        tally = Tally()
    if tally.counts:
        yield Contents(tally=tally)


def require_good(options: argparse.Namespace) -> tuple[int, Contents]:
    """The number of tasks, and what they are called; ends the command with what is wrong with the
    file.
    """
    number, flaws, contents = 0, list[Flaw](), Contents()
    for contents in chunks(options):
        number += len(contents.records)
        flaws += contents.flaws
    for flaw in flaws:
        place = f"line {flaw.line}" + (f", {flaw.field}" if flaw.field else "")
        print(f"{place}: {flaw.message} ({flaw.code})", file=sys.stderr)
    if flaws:
        raise SystemExit(f"{options.file}: {len(flaws)} places are wrong. Nothing was written.")
    return number, contents


def bring(session: OperatorSession, options: argparse.Namespace) -> None:
    """Write, telling of each chunk on stderr, and say what became of the tasks."""
    done, whole = 0, Report(options.dry_run)
    total, names = require_good(options)
    try:
        for contents in ordered(options, names):
            imports = ImportService(session.of_owner(options.owner))
            report = imports.run(contents, dry_run=options.dry_run)
            whole.add(report)
            done += len(contents.records)
            print(f"owner {options.owner}: {done} of {total} tasks", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{told(whole)}; interrupted: run it again to go on", file=sys.stderr)
        raise Stopped(INTERRUPTED) from None
    for what, count in sorted(whole.left_out.counts.items()):
        lines = ", ".join(map(str, whole.left_out.lines[what]))
        print(f"{what} ({count}, in lines {lines}): {MESSAGES[what]}")
    print(f"{told(whole)}.")


def told(report: Report) -> str:
    """Such as `Made 3, changed 1, left 2 (same 2)`."""
    would = "Would have made" if report.dry_run else "Made"
    left = ", ".join(f"{name} {report.skipped[name]}" for name in SKIPPED if report.skipped[name])
    skipped = report.skipped.total()
    return f"{would} {report.made}, changed {report.changed}, left {skipped}" + (
        f" ({left})" if left else ""
    )


def main() -> None:
    options = arguments()
    if not options.file.is_file():
        raise SystemExit(f"{options.file} is no file")
    with operator_session("The import", get_settings()) as session:
        bring(session, options)


if __name__ == "__main__":
    main()
