"""JSON: the tasks as the API shows them, a line for each, with their UIDs. Loses nothing."""

from collections.abc import Iterator, Sequence

from backend.services.transfer.columns import record_of
from backend.services.transfer.json_text import JsonText, values
from backend.services.transfer.record import Entry, Flaw
from backend.services.transfer.source import Source


class Writer:
    """An array. What it is given are tasks as JSON, and it has nothing to add."""

    def head(self) -> str:
        return "["

    def page(self, tasks: Sequence[str], *, is_first: bool) -> str:
        return ("\n" if is_first else ",\n") + ",\n".join(tasks)

    def tail(self) -> str:
        return "\n]\n"


def read(source: Source) -> Iterator[Entry]:
    """An array of tasks, or a task on each line."""
    for line, value in values(JsonText(source)):
        if not isinstance(value, dict):
            yield Flaw(line, "must be a task: an object with a title", "no_object")
            continue
        record = record_of(line, value)
        if isinstance(record, list):
            yield from record
        else:
            yield record
