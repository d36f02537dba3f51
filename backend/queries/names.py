"""What a statement is called, for operators: `tasks.READ`, its module and its name there."""

import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from backend.queries.statement import Statement

_ROOM = "backend.queries."
_names: WeakKeyDictionary[Statement[Any], str] = WeakKeyDictionary()


def name_of(statement: Statement[Any]) -> str:
    """Found once, among the modules of this room; of one that is joined of parts, what it finds:
    `page`, `moved`."""
    found = _names.get(statement)
    if found is None:
        joined = statement.row.__name__.removesuffix("Row").lower()
        found = _names[statement] = next(_found(statement), joined)
    return found


def _found(statement: Statement[Any]) -> Iterator[str]:
    for module in [name for name in sys.modules if name.startswith(_ROOM)]:
        for name, value in vars(sys.modules[module]).items():
            # Two forms of one write stand in a tuple of them.
            if value is statement or (isinstance(value, tuple) and statement in value):
                yield f"{module.removeprefix(_ROOM)}.{name}"
