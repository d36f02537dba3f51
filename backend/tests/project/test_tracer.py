"""Coverage's tracer spins where the greenlet of a thread goes with it."""

import gc
import threading
from collections.abc import Iterator
from weakref import ReferenceType, ref

import pytest
from greenlet import getcurrent  # type: ignore[import-untyped]

from backend.tests.support.tracer import keep_greenlets_of_threads


@pytest.fixture
def traced() -> Iterator[None]:
    """As under `make coverage`, which it may be."""
    tracer, profiler = threading.gettrace(), threading.getprofile()
    threading.settrace(tracer or (lambda *_: None))
    keep_greenlets_of_threads()
    gc.freeze()  # as servers do
    yield
    gc.unfreeze()
    threading.settrace(tracer)
    threading.setprofile(profiler)


@pytest.mark.requirement("NFR-06")
@pytest.mark.usefixtures("traced")
def test_the_greenlet_of_a_traced_thread_outlives_it() -> None:
    found: list[ReferenceType[object]] = []
    thread = threading.Thread(target=lambda: found.append(ref(getcurrent())))
    thread.start()
    thread.join()
    getcurrent()  # which frees what the ended thread has left
    [kept] = found
    assert kept() is not None
