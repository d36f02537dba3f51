"""`python -m backend.commands.export --owner 1 --format json --output tasks.json`: tasks as a file.

Of any size, beside the running service and over its own (pooled) address: each page is a statement
of its own. The file appears under its name when it is whole; until then it is `….part`, and where
it was interrupted the same command goes on.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from backend.commands.terminal import INTERRUPTED, Stopped, operator_session, owner_id, zone
from backend.config import Settings, get_settings
from backend.database.execution import OperatorSession
from backend.queries.filters import Filters
from backend.services.lists import ListQuery, ListService, Page
from backend.services.transfer.formats import OUTGOING

PAGE = 500
"""Tasks that one statement reads."""

ReadPage = Callable[[str | None], Page]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.commands.export", description=__doc__)
    parser.add_argument("--owner", type=owner_id, required=True, metavar="ID")
    parser.add_argument("--format", choices=OUTGOING, required=True)
    parser.add_argument("--output", type=Path, metavar="FILE", help="without it, standard output")
    parser.add_argument("--deleted", action="store_true", help="the trash")
    parser.add_argument("--time-zone", type=zone, default=ZoneInfo("UTC"), metavar="ZONE")
    return parser.parse_args()


class Unfinished:
    """A file that is not whole yet, and beside it where its next page begins."""

    def __init__(self, output: Path, query: str) -> None:
        """`query`: what it has to be of, so that nothing else is added to it."""
        self._output = output
        self._part = output.with_name(f"{output.name}.part")
        self._note = output.with_name(f"{output.name}.part.json")
        self._query = query

    def begin(self) -> tuple[BinaryIO, dict[str, Any]]:
        """The file to write on, and what is known of it: `cursor`, `size`, `tasks`."""
        known: dict[str, Any] = {"query": self._query, "cursor": None, "size": 0, "tasks": 0}
        if self._part.exists() and self._note.exists():
            found = json.loads(self._note.read_text())
            known = found if found["query"] == self._query else known
        file = self._part.open("r+b" if known["size"] else "wb")
        file.truncate(known["size"])
        file.seek(known["size"])
        return file, known

    def note(self, file: BinaryIO, known: dict[str, Any]) -> None:
        """Remember how far it is. What was written after that is written again."""
        file.flush()
        known["size"] = file.tell()
        new = self._note.with_name(f"{self._note.name}.new")
        new.write_text(json.dumps(known))
        new.replace(self._note)

    def finish(self) -> None:
        self._part.replace(self._output)
        self._note.unlink(missing_ok=True)


def reader(session: OperatorSession, options: argparse.Namespace, settings: Settings) -> ReadPage:
    """Reads the page at a cursor."""
    filters = Filters({}, "UTC", deleted=options.deleted)
    address = f"{settings.public_url or ''}/api/{options.owner}/tasks/"

    def read(cursor: str | None) -> Page:
        query = ListQuery(filters, (("created_at", False),), PAGE, cursor, exported=True)
        return ListService(session.of_owner(options.owner, address)).page(query)

    return read


def write(
    read: ReadPage,
    options: argparse.Namespace,
    file: BinaryIO,
    known: dict[str, Any],
    note: Callable[[], None],
) -> None:
    """Write from where it is known to be, telling of each page on stderr."""
    writer = OUTGOING[options.format].writer(options.time_zone)
    if not known["tasks"]:
        file.write(writer.head().encode())
    while True:
        page = read(known["cursor"])
        if page.tasks:
            file.write(writer.page(page.tasks, is_first=not known["tasks"]).encode())
        known["tasks"] += len(page.tasks)
        print(f"owner {options.owner}: {known['tasks']} tasks", file=sys.stderr)
        if page.next_cursor is None:
            break
        known["cursor"] = page.next_cursor
        note()
    file.write(writer.tail().encode())


def export(read: ReadPage, options: argparse.Namespace) -> None:
    """To standard output, or to a file that can be gone on with."""
    if options.output is None:
        known = {"cursor": None, "tasks": 0}
        write(read, options, sys.stdout.buffer, known, sys.stdout.buffer.flush)
        return
    query = f"{options.owner} {options.format} {options.deleted} {options.time_zone}"
    unfinished = Unfinished(options.output, query)
    file, known = unfinished.begin()
    try:
        with file:
            write(read, options, file, known, lambda: unfinished.note(file, known))
    except KeyboardInterrupt:
        print(f"{known['tasks']} tasks are written: run it again to go on", file=sys.stderr)
        raise Stopped(INTERRUPTED) from None
    unfinished.finish()
    print(f"Exported {known['tasks']} tasks to {options.output}.")


def main() -> None:
    options, settings = arguments(), get_settings()
    with operator_session("The export", settings) as session:
        export(reader(session, options, settings), options)


if __name__ == "__main__":
    main()
