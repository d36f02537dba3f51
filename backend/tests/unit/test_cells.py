"""Numbers that several processes share: each writes its own, and anybody adds them up."""

import os

import pytest

from backend.observability import cells, requests
from backend.observability.cells import OTHER, Cells, Counter, Gauge
from backend.observability.requests import MAX_ROUTES, Requests

pytestmark = pytest.mark.requirement("FR-65", "NFR-55")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Cells:
    """Cells of three processes."""
    made = Cells()
    for module in (cells, requests):
        monkeypatch.setattr(module, "CELLS", made)
    return made


def in_process(number: int, shared: Cells, counter: Counter, gauge: Gauge) -> None:
    """Count something in a process of its own, which ends without a word."""
    child = os.fork()
    if child == 0:
        shared.take(number)
        counter.add("a")
        gauge.add(number + 1)
        os._exit(9)
    os.waitpid(child, 0)


def test_what_processes_counted_is_added_up_and_outlives_them(shared: Cells) -> None:
    counter, gauge, highest = Counter("kind", ("a", "b")), Gauge(), Gauge(merge=max)
    shared.share(3)
    for number in range(3):
        in_process(number, shared, counter, gauge)
    rows = shared.rows()
    assert counter.totals(rows) == {"a": 3, "b": 0}
    assert gauge.totals(rows) == {"": 6}
    in_process(2, shared, counter, gauge)  # in the place of one that was killed
    assert counter.totals(shared.rows()) == {"a": 4, "b": 0}
    assert gauge.totals(shared.rows()) == {"": 6}
    highest.raise_to(7)
    highest.raise_to(5)
    shared.take(1)
    highest.raise_to(6)
    assert highest.totals(shared.rows()) == {"": 7}


def test_a_value_that_nobody_foresaw_is_other(shared: Cells) -> None:
    counter = Counter("kind", ("a",))
    counter.add("what a client sent")
    assert counter.totals(shared.rows()) == {"a": 0, OTHER: 1}


def test_there_is_an_end_to_cells_and_to_routes(shared: Cells) -> None:
    with pytest.raises(ValueError, match="WIDTH"):
        shared.reserve(cells.WIDTH + 1)
    with pytest.raises(ValueError, match="MAX_ROUTES"):
        Requests().know(map(str, range(MAX_ROUTES)))
