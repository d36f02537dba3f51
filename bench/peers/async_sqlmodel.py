"""FastAPI with async SQLModel and asyncpg; `expire_on_commit=False`, as SQLAlchemy's manual says.

A connection for each of the 32 clients: with fewer, the pool opens and closes one all the time.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from models import Task, TaskCreate, TaskPublic
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine("postgresql+asyncpg://", pool_size=32)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_session)]


async def find(session: AsyncSession, user_id: int, id: int) -> Task:
    statement = select(Task).where(
        Task.user_id == user_id, Task.id == id, col(Task.deleted_at).is_(None)
    )
    task = (await session.exec(statement)).first()
    if task is None:
        raise HTTPException(404, "Task not found")
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
async def list_tasks(user_id: int, session: Db, limit: int = 50) -> list[Task]:
    statement = select(Task).where(Task.user_id == user_id, col(Task.deleted_at).is_(None))
    ordered = statement.order_by(col(Task.created_at), col(Task.id)).limit(limit)
    return list((await session.exec(ordered)).all())


@app.get("/api/{user_id}/tasks/{id}", response_model=TaskPublic)
async def read_task(user_id: int, id: int, session: Db) -> Task:
    return await find(session, user_id, id)


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=201)
async def create_task(user_id: int, body: TaskCreate, session: Db) -> Task:
    task = Task(user_id=user_id, **body.model_dump())
    session.add(task)
    await session.commit()
    return task


@app.patch("/api/{user_id}/tasks/{id}/complete", response_model=TaskPublic)
async def toggle_task(user_id: int, id: int, session: Db) -> Task:
    task = await find(session, user_id, id)
    task.toggle()
    await session.commit()
    return task
