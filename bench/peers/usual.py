"""The usual FastAPI + SQLModel service: a Session a request, pre-ping, commit, refresh.

After SQLModel's tutorial; engine and thread limit as they come.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from models import Task, TaskCreate, TaskPublic
from sqlmodel import Session, col, create_engine, select

engine = create_engine("postgresql+psycopg2://", pool_pre_ping=True)
app = FastAPI()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(get_session)]


def find(session: Session, user_id: int, id: int) -> Task:
    statement = select(Task).where(
        Task.user_id == user_id, Task.id == id, col(Task.deleted_at).is_(None)
    )
    task = session.exec(statement).first()
    if task is None:
        raise HTTPException(404, "Task not found")
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
def list_tasks(user_id: int, session: Db, limit: int = 50) -> list[Task]:
    statement = select(Task).where(Task.user_id == user_id, col(Task.deleted_at).is_(None))
    ordered = statement.order_by(col(Task.created_at), col(Task.id)).limit(limit)
    return list(session.exec(ordered).all())


@app.get("/api/{user_id}/tasks/{id}", response_model=TaskPublic)
def read_task(user_id: int, id: int, session: Db) -> Task:
    return find(session, user_id, id)


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=201)
def create_task(user_id: int, body: TaskCreate, session: Db) -> Task:
    task = Task(user_id=user_id, **body.model_dump())
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@app.patch("/api/{user_id}/tasks/{id}/complete", response_model=TaskPublic)
def toggle_task(user_id: int, id: int, session: Db) -> Task:
    task = find(session, user_id, id)
    task.toggle()
    session.add(task)
    session.commit()
    session.refresh(task)
    return task
