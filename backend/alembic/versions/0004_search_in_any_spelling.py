"""Fold the searched text again: compatibility forms, ignorable characters, dotless and dotted i.

Each batch is a transaction of its own, so nothing is locked for longer than a thousand rows take,
and a run that was interrupted goes on where it was: what is folded already is not written again.

Revision ID: 0004
Revises: 0003
"""

import logging
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 1000
_log = logging.getLogger("alembic.runtime.migration")
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_DOTTED = re.compile("i([\u0316-\u0319\u031c-\u0320\u0323-\u0326\u0329-\u0333\u0328]*)\u0307")
READ = sa.text(
    "SELECT user_id, id, title, description, title_folded, description_folded FROM tasks "
    "WHERE (user_id, id) > (:user_id, :id) ORDER BY user_id, id LIMIT :batch"
)
# Only if the text is still what was folded: the service may write meanwhile.
WRITE = sa.text(
    "UPDATE tasks SET title_folded = :title_folded, description_folded = :description_folded "
    "WHERE user_id = :user_id AND id = :id "
    "AND title = :title AND description IS NOT DISTINCT FROM :description"
)


def _fold(text: str | None) -> str:
    """As `models/text.py` did when this was written."""
    decomposed = unicodedata.normalize("NFD", text or "").casefold()
    compatible = unicodedata.normalize("NFKD", decomposed).casefold()
    bare = unicodedata.normalize("NFKD", _IGNORED.sub("", compatible)).replace("ı", "i")
    return unicodedata.normalize("NFC", _DOTTED.sub(r"i\1", bare))


def _changes(rows: list[sa.Row[Any]]) -> list[dict[str, Any]]:
    changes = []
    for row in rows:
        new = {"title_folded": _fold(row.title), "description_folded": _fold(row.description)}
        old = {"title_folded": row.title_folded, "description_folded": row.description_folded}
        if new != old:
            changes.append({**row._mapping, **new})  # noqa: SLF001  (the documented name)
    return changes


def upgrade() -> None:
    if context.is_offline_mode():
        op.execute("-- Tasks of before are found once they are folded: run the command that does.")
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        last, done = {"user_id": 0, "id": 0}, 0
        while rows := list(connection.execute(READ, {**last, "batch": BATCH})):
            if changes := _changes(rows):
                connection.execute(WRITE, changes)
            last = {"user_id": rows[-1].user_id, "id": rows[-1].id}
            done += len(rows)
            _log.info("0004: %d tasks looked at", done)


def downgrade() -> None:
    """The older service finds what this one folded, but for the spellings it does not know."""
