"""A table that somebody else holds, so that requests wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL


@contextmanager
def locked(url: URL) -> Iterator[Callable[[], int]]:
    """The tasks, locked in the block; the given function tells how many statements wait."""
    engine = create_engine(url)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def count() -> int:
        with engine.connect() as observer:
            number: int = observer.execute(waiting).scalar_one()
        return number

    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE tasks"))
        yield count
    engine.dispose()
