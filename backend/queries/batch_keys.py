"""The idempotency key of a batch. Parameters: `key`, `fingerprint`."""

from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    not_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.models.task import idempotency_keys
from backend.queries.idempotency import KEY_LIFETIME
from backend.queries.ownership import owned, owner


def used_key() -> CTE[Any]:
    """The key's first use, if it is not expired."""
    columns = idempotency_keys.c
    rows = select(columns.key, columns.fingerprint, columns.answer).where(
        owned(idempotency_keys),
        columns.key == bindparam("key", type_=Text),
        columns.expires_at > func.now(),
    )
    return rows.cte("used")


def claim_key(numbers: CTE[Any], answer: CTE[Any]) -> CTE[Any]:
    """Take the key, with the answer, unless another request has; an expired one is free.

    A dry run takes none.
    """
    values: dict[str, ColumnElement[Any]] = {
        "user_id": owner(),
        "key": bindparam("key", type_=Text),
        "fingerprint": bindparam("fingerprint", type_=Text),
        "expires_at": func.now() + literal(KEY_LIFETIME),
        "task_id": literal_column("0"),
        "revision": numbers.c.revision,
        "created_at": numbers.c.changed_at,
        "answer": select(answer.c.json).scalar_subquery(),
    }
    is_dry = bindparam("dry_run", type_=Boolean)
    rows = select(*values.values()).where(not_(is_dry))
    statement = upsert(idempotency_keys).from_select(list(values), rows)
    new = statement.excluded
    claim = statement.on_conflict_do_update(
        index_elements=[idempotency_keys.c.user_id, idempotency_keys.c.key],
        set_={name: new[name] for name in values.keys() - {"user_id", "key"}},
        where=idempotency_keys.c.expires_at <= func.now(),
    )
    return claim.returning(idempotency_keys.c.key).cte("claim")
