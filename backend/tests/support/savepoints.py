"""Requests that leave nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from backend.runtime import Runtime


@contextmanager
def rolled_back(app: FastAPI, connection: Connection) -> Iterator[None]:
    """Let all requests of the block run in savepoints of one transaction, which is rolled back.

    The application's dependency overrides are cleared afterwards, too.
    """
    transaction = connection.begin()
    committing: Runtime = app.state.runtime
    sessions = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
    app.state.runtime = replace(committing, sessions=sessions)
    try:
        yield
    finally:
        transaction.rollback()
        app.state.runtime = committing
        app.dependency_overrides.clear()
