"""The statements after a backup was restored: no cursor from before is good any more."""

from sqlalchemy import BigInteger, Select, bindparam, func, select

from backend.models.task import task_lists
from backend.queries.ownership import ACROSS_OWNERS
from backend.queries.revisions import expire
from backend.queries.statement import KeyRow, OwnerCountRow, Statement


def _next_owner() -> Select[tuple[int, int]]:
    """The owner after another one; the number is that of its rows, one."""
    lists = task_lists.c
    after = lists.user_id > bindparam("after", type_=BigInteger)
    counts = select(lists.user_id, func.count()).where(after).group_by(lists.user_id)
    first = counts.order_by(lists.user_id).limit(bindparam("owners", type_=BigInteger))
    return first.execution_options(**{ACROSS_OWNERS: True})


NEXT_OWNER = Statement(_next_owner, OwnerCountRow)
EXPIRE = Statement(lambda: select(expire().c.revision), KeyRow)
