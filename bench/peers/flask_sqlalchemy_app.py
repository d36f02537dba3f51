"""Flask with Flask-SQLAlchemy: commit, jsonify; a pool of 8 connections for 8 threads."""

from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FIELDS = ("id", "user_id", "title", "description", "completed", "completed_at", "priority")
FIELDS += ("due_date", "due_at", "tags", "order", "revision", "created_at", "updated_at")
WRITABLE = ("title", "description", "completed", "priority", "tags", "order")


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://"
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 8}
db.init_app(app)


def now() -> datetime:
    return datetime.now(UTC)


class Task(db.Model):
    __tablename__ = "tasks"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    title: Mapped[str]
    description: Mapped[str | None]
    completed: Mapped[bool] = mapped_column(default=False)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    priority: Mapped[int] = mapped_column(default=0)
    due_date: Mapped[date | None]
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    order: Mapped[int | None]
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; days and instants in ISO 8601, which Flask's own encoder does not use."""
        values = {name: getattr(self, name) for name in FIELDS}
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()}


def find(user_id: int, id: int) -> Task:
    statement = db.select(Task).filter_by(user_id=user_id, id=id, deleted_at=None)
    task: Task = db.one_or_404(statement)
    return task


@app.get("/api/<int:user_id>/tasks")
def list_tasks(user_id: int) -> Response:
    statement = db.select(Task).filter_by(user_id=user_id, deleted_at=None)
    ordered = statement.order_by(Task.created_at, Task.id)
    limit = request.args.get("limit", 50, int)
    return jsonify([task.to_dict() for task in db.session.scalars(ordered.limit(limit))])


@app.get("/api/<int:user_id>/tasks/<int:id>")
def read_task(user_id: int, id: int) -> Response:
    return jsonify(find(user_id, id).to_dict())


@app.post("/api/<int:user_id>/tasks")
def create_task(user_id: int) -> tuple[Response, int]:
    body = request.get_json()
    task = Task(user_id=user_id, **{name: body[name] for name in WRITABLE if name in body})
    db.session.add(task)
    db.session.commit()
    return jsonify(task.to_dict()), 201


@app.patch("/api/<int:user_id>/tasks/<int:id>/complete")
def toggle_task(user_id: int, id: int) -> Response:
    task = find(user_id, id)
    task.completed = not task.completed
    task.updated_at = now()
    task.completed_at = task.updated_at if task.completed else None
    task.revision += 1
    db.session.commit()
    return jsonify(task.to_dict())
