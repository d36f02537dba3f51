"""Where every query starts: the rows of one owner. Parameters: `owner`, `task_id`."""

from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, FromClause, and_, bindparam

from backend.models.task import tasks

Condition = ColumnElement[bool]

ACROSS_OWNERS = "across_owners"
"""Execution option of a statement that means to look at all owners: the operator's survey."""


def owner() -> BindParameter[Any]:
    return bindparam("owner", type_=BigInteger)


def owned(table: FromClause = tasks) -> Condition:
    """The one root of every query."""
    return table.c.user_id == owner()


def owned_too(table: FromClause = tasks) -> Condition:
    """The same within a scope whose rows an `owned()` around it decides about.

    The guard wants it in every scope, and indexes need it, but no answer depends on it. So the test
    that takes each `owned()` out leaves these in.
    """
    return table.c.user_id == owner()


def this() -> Condition:
    """The task that is named, in the trash or not."""
    return and_(owned(), tasks.c.id == bindparam("task_id", type_=BigInteger))


def this_live() -> Condition:
    return and_(this(), tasks.c.deleted_at.is_(None))
