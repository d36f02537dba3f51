"""The table and the shapes of the two SQLModel peers, as SQLModel's tutorial arranges them."""

from datetime import UTC, date, datetime

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


def now() -> datetime:
    return datetime.now(UTC)


class TaskCreate(SQLModel):
    """What a client sends."""

    title: str = Field(max_length=200)
    description: str | None = None
    completed: bool = False
    priority: int = 0
    due_date: date | None = None
    due_at: datetime | None = None
    tags: list[str] = []
    order: int | None = None


class TaskPublic(TaskCreate):
    """What a client gets."""

    id: int
    user_id: int
    completed_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime


class Task(SQLModel, table=True):
    __tablename__ = "tasks"

    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True)
    )
    title: str
    description: str | None = None
    completed: bool = False
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    priority: int = 0
    due_date: date | None = None
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    order: int | None = None
    revision: int = Field(default=1, sa_type=BigInteger)
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    deleted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def toggle(self) -> None:
        """Done or not done any more, at this moment."""
        self.completed = not self.completed
        self.updated_at = now()
        self.completed_at = self.updated_at if self.completed else None
        self.revision += 1
