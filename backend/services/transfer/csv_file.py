"""CSV for spreadsheets: a row for each task. Loses nothing but what spreadsheets change."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from backend.services.transfer.cells import neutral, restored
from backend.services.transfer.columns import joined, record_of
from backend.services.transfer.record import Entry, Lost
from backend.services.transfer.source import Source
from backend.services.transfer.table import rows

COLUMNS = (
    *("title", "description", "completed", "priority", "due_date", "due_at", "tags", "order"),
    *("repeat", "repeat_from", "repeat_zone"),
    *("created_at", "completed_at", "updated_at", "uid", "parent_uid", "repeat_of_uid"),
)
_TEXTS = {"title", "description", "tags", "uid", "parent_uid", "repeat_of_uid"}


class Writer:
    """UTF-8 with a byte order mark, by which Excel knows it; RFC 4180."""

    def head(self) -> str:
        return "\ufeff" + _line(COLUMNS)

    def page(self, tasks: Sequence[str], *, is_first: bool) -> str:
        return "".join(_line(_cells(json.loads(task))) for task in tasks)

    def tail(self) -> str:
        return ""


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _cells(task: dict[str, Any]) -> list[str]:
    return [_cell(name, task[name]) for name in COLUMNS]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "tags":
        value = joined(value)
    if name == "description" and not value.strip('"'):
        value = f'"{value}"'  # an empty one, which is not none
    if name in _TEXTS:
        return neutral(value)
    return json.dumps(value) if not isinstance(value, str) else value


def read(source: Source) -> Iterator[Entry]:
    """Our own columns, in any order, some of them or all."""
    for row in rows(source, COLUMNS):
        fields = {name: _value(name, cell) for name, cell in row.cells.items()}
        record = record_of(row.line, fields)
        if isinstance(record, list):
            yield from record
        else:
            record.lost |= {Lost.OTHER} if row.has_more else set()
            yield record


def _value(name: str, cell: str) -> Any:
    value = restored(cell)
    if name == "description" and len(value) > 1 and not value.strip('"'):
        return value[1:-1]
    return value or None
