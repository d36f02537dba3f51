"""For migrations that compute in Python: columns of tasks filled in batches, beside the service.

Use it in a revision of its own, after the one that adds the columns:

    with op.get_context().autocommit_block():
        fill_in_batches(op.get_bind(), sources=("title",), targets=("title_folded",), compute=…)

Each batch is one statement and one transaction, which takes the owners' rows first, as every write
does: no lock outlives it. Interrupted, the revision is not reached, and the next run goes on: rows
that are right already are read and not written.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Connection,
    Select,
    Text,
    TextClause,
    bindparam,
    column,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

BATCH = 1000
"""Rows that one statement reads, and at most writes."""

REPORT_EVERY = 5.0
"""Seconds between two lines of progress."""

_log = logging.getLogger("backend.migrations")


def fill_in_batches(
    connection: Connection,
    *,
    sources: Sequence[str],
    targets: Sequence[str],
    compute: Callable[..., Sequence[str]],
    batch: int = BATCH,
) -> int:
    """Set text columns of all tasks from others; `compute` takes the sources of one row.

    Returns the number of rows written. A row that changes between its reading and its writing is
    left to who changed it.
    """
    read, write = _reading(sources, targets), _writing(targets)
    last, seen, written, reported = (0, 0), 0, 0, time.monotonic()
    while rows := connection.execute(read, _after(last, batch)).all():
        wrong = [_computed(row, len(sources), compute) for row in rows]
        changed = [row for row in wrong if row is not None]
        if changed:
            names = ("owners", "ids", "revisions", *targets)
            arrays = dict(zip(names, map(list, zip(*changed, strict=True)), strict=True))
            written += connection.execute(write, arrays).rowcount
        last, seen = (rows[-1][0], rows[-1][1]), seen + len(rows)
        if time.monotonic() - reported > REPORT_EVERY:
            reported = time.monotonic()
            _log.info("filled %d of %d tasks so far, up to owner %d", written, seen, last[0])
    return written


def _after(last: tuple[int, int], batch: int) -> dict[str, int]:
    return {"last_owner": last[0], "last_id": last[1], "batch": batch}


def _computed(row: Any, width: int, compute: Callable[..., Sequence[str]]) -> Sequence[Any] | None:
    """The row's key, revision and new values; None if it has them."""
    key, given, found = row[:3], row[3 : 3 + width], row[3 + width :]
    new = tuple(compute(*given))
    return None if new == tuple(found) else (*key, *new)


def _reading(sources: Sequence[str], targets: Sequence[str]) -> Select[Any]:
    owner, number = column("user_id", BigInteger), column("id", BigInteger)
    names = ("revision", *sources, *targets)
    columns: list[ColumnClause[Any]] = [owner, number, *(column(name) for name in names)]
    rows: Select[Any] = select(*columns).select_from(table("tasks"))
    after = tuple_(
        bindparam("last_owner", type_=BigInteger), bindparam("last_id", type_=BigInteger)
    )
    return (
        rows.where(tuple_(owner, number) > after)
        .order_by(owner, number)
        .limit(bindparam("batch", type_=BigInteger))
    )


def _writing(targets: Sequence[str]) -> TextClause:
    columns = ", ".join(f"unnest(:{name}) AS {name}" for name in targets)
    values = ", ".join(f"{name} = new.{name}" for name in targets)
    statement = text(
        "WITH held AS (SELECT user_id FROM task_lists WHERE user_id = ANY(:owners) "  # noqa: S608
        "ORDER BY user_id FOR NO KEY UPDATE), "
        f"new AS (SELECT unnest(:owners) AS user_id, unnest(:ids) AS id, "
        f"unnest(:revisions) AS revision, {columns}) "
        f"UPDATE tasks SET {values} FROM new WHERE (SELECT count(*) FROM held) >= 0 "
        "AND tasks.user_id = new.user_id AND tasks.id = new.id "
        "AND tasks.revision = new.revision"
    )
    numbers = [bindparam(name, type_=ARRAY(BigInteger)) for name in ("owners", "ids", "revisions")]
    return statement.bindparams(*numbers, *(bindparam(name, type_=ARRAY(Text)) for name in targets))
