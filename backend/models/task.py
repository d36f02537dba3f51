"""The tables: tasks; per owner, the counter and clock of all changes; keys of creates."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    cast,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

MAX_ID = 2**63 - 1
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 10_000
TAG_COUNT = 20
TAG_LENGTH = 50
UID_LENGTH = 255
REPEAT_LENGTH = 500

REPEAT_FROM = ("due", "completion")
"""What the next task of a series is counted from."""

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Priority(StrEnum):
    """From least to most urgent; stored by rank, so that the database sorts it."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}
_BY_RANK = tuple(Priority)


class PriorityRank(TypeDecorator[Priority]):
    """A Priority as a small integer."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Priority | None, dialect: Dialect) -> int | None:
        return None if value is None else _RANKS[value]

    def process_result_value(self, value: int | None, dialect: Dialect) -> Priority | None:
        return None if value is None else _BY_RANK[value]


def _instant(*, nullable: bool = False) -> Column[Any]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _folded() -> Column[str]:
    """Text as the search compares it (`services/search.py`)."""
    return Column(Text, nullable=False, server_default="")


class TaskList(SQLModel, table=True):
    """One owner's row: number and moment of the last change, and the last number purged."""

    __tablename__ = "task_lists"
    __table_args__ = (CheckConstraint("user_id >= 1", name="user_id_positive"),)

    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    changed_at: datetime = Field(sa_column=_instant())
    horizon: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class Task(SQLModel, table=True):
    """One task of one owner; `specs/001-backend-task-api/data-model.md` explains the columns."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("user_id >= 1 AND id >= 1", name="ids_positive"),
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        CheckConstraint(
            f"char_length(description) <= {DESCRIPTION_LENGTH}", name="description_length"
        ),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority_known"),
        CheckConstraint("completed = (completed_at IS NOT NULL)", name="completed_at_set"),
        CheckConstraint("due_date IS NULL OR due_at IS NULL", name="one_due"),
        CheckConstraint(f"cardinality(tags) <= {TAG_COUNT}", name="tag_count"),
        CheckConstraint(f"char_length(repeat) BETWEEN 1 AND {REPEAT_LENGTH}", name="repeat_length"),
        CheckConstraint("repeat_from IN ('due', 'completion')", name="repeat_from_known"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        ForeignKeyConstraint(["user_id", "parent_id"], ["tasks.user_id", "tasks.id"]),
        Index(
            "ix_tasks_user_id_created_at_id",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(  # of due(without="infinity"), spelled so that `alembic check` knows it again
            "ix_tasks_user_id_due_id",
            "user_id",
            text(
                "coalesce(due_at, (due_date::timestamp AT TIME ZONE 'UTC'), "
                "'infinity'::timestamptz)"
            ),
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_tasks_user_id_deleted_at_id",
            "user_id",
            "deleted_at",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index(  # of the feed: two, so that a first sync reads no trash
            "ix_tasks_user_id_revision_live",
            "user_id",
            "revision",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_tasks_user_id_revision_trash",
            "user_id",
            "revision",
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index(  # an import finds what it has made before; the trash is among it
            "ix_tasks_user_id_uid",
            "user_id",
            "uid",
            unique=True,
            postgresql_where=text("uid IS NOT NULL"),
        ),
        Index(
            "ix_tasks_user_id_parent_id",
            "user_id",
            "parent_id",
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(  # no task is followed twice
            "ix_tasks_user_id_repeat_of",
            "user_id",
            "repeat_of",
            unique=True,
            postgresql_where=text("repeat_of IS NOT NULL"),
        ),
    )

    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    title: str = Field(sa_column=Column(String(TITLE_LENGTH), nullable=False))
    title_folded: str = Field(sa_column=_folded())
    description: str | None = Field(sa_column=Column(Text))
    description_folded: str = Field(sa_column=_folded())
    completed: bool
    completed_at: datetime | None = Field(sa_column=_instant(nullable=True))
    priority: Priority = Field(sa_column=Column(PriorityRank, nullable=False))
    due_date: date | None = Field(sa_column=Column(Date))
    due_at: datetime | None = Field(sa_column=_instant(nullable=True))
    tags: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    order: int | None = Field(sa_column=Column(BigInteger))
    repeat: str | None = Field(sa_column=Column(Text))
    repeat_from: str = Field(sa_column=Column(Text, nullable=False, server_default="due"))
    repeat_zone: str | None = Field(sa_column=Column(Text))
    repeat_of: int | None = Field(sa_column=Column(BigInteger))
    repeat_wall: datetime | None = Field(sa_column=Column(DateTime))
    parent_id: int | None = Field(sa_column=Column(BigInteger))
    nested_at: int | None = Field(sa_column=Column(BigInteger))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())
    deleted_at: datetime | None = Field(sa_column=_instant(nullable=True))
    uid: str | None = Field(sa_column=Column(Text))
    """What names the task in files that it came from; null for one that was made here."""


class IdempotencyKey(SQLModel, table=True):
    """What is kept of a write that named a key: enough to answer its repetition.

    `answer` is that of a batch, whose `task_id` is 0; that of a create follows from its content.
    """

    __tablename__ = "idempotency_keys"

    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = Field(sa_column=Column(Text, nullable=False))
    expires_at: datetime = Field(sa_column=_instant())
    task_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=_instant())
    answer: str | None = Field(sa_column=Column(Text))


idempotency_keys: Table = SQLModel.metadata.tables["idempotency_keys"]
task_lists: Table = SQLModel.metadata.tables["task_lists"]
tasks: Table = SQLModel.metadata.tables["tasks"]


def due(without: str) -> ColumnElement[datetime]:
    """The instant by which a task is due: a day counts as its first in UTC, none as `without`."""
    first_instant = func.timezone(literal_column("'UTC'"), cast(tasks.c.due_date, DateTime))
    never = cast(literal_column(f"'{without}'"), tasks.c.due_at.type)
    return func.coalesce(tasks.c.due_at, first_instant, never)
