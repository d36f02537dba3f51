"""How far each of some owners has come: what the poller of the events asks.

It names many owners, and reads of each the revision alone. Parameter: `owners`.
"""

from sqlalchemy import BigInteger, Executable, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import task_lists
from backend.queries.ownership import ACROSS_OWNERS
from backend.queries.statement import PositionRow, Statement


def _positions() -> Executable:
    lists = task_lists.c
    is_meant = lists.user_id == any_(bindparam("owners", type_=ARRAY(BigInteger)))
    rows = select(lists.user_id, lists.revision).where(is_meant)
    return rows.execution_options(**{ACROSS_OWNERS: True})


POSITIONS = Statement(_positions, PositionRow)
