"""What clients choose of a list is joined of compiled parts: nothing is compiled for a question."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from sqlalchemy import func, select, text, true

from backend.database import assembly, guard
from backend.database.compiled import Compiled, compiled
from backend.models.task import task_lists, tasks
from backend.queries import bulk, lists
from backend.queries.filters import FILTERS
from backend.queries.ownership import owned, owner
from backend.queries.slots import Atom, Joined, all_of, slot
from backend.queries.sorting import SORT_KEYS, Sort
from backend.queries.statement import PageRow, Statement
from backend.tests.support.recorder import has_owner

pytestmark = [pytest.mark.requirement("NFR-30"), pytest.mark.threat(66)]

MAX_BYTES = 18 * 1024
"""Of one shape's SQL, as text and as a prepared statement."""


def sorts(direction: bool) -> Iterator[Sort]:
    for start in range(len(SORT_KEYS)):
        yield tuple((key, direction) for key in SORT_KEYS[start:] + SORT_KEYS[:start])


def random_shape(draw: Random) -> lists.Shape:
    keys = draw.sample(SORT_KEYS, draw.randint(1, len(SORT_KEYS)))
    names = [*FILTERS, "deleted"]
    nulls = tuple(draw.random() < 0.3 for _ in keys) if draw.random() < 0.7 else None
    return lists.Shape(
        frozenset(draw.sample(names, draw.randint(0, len(names)))),
        tuple((key, draw.random() < 0.5) for key in keys),
        nulls,
        draw.random() < 0.5,
        draw.random() < 0.5,
    )


def know_everything() -> None:
    """Each filter and each key once, in both directions, at each place, null and not; one alone."""
    for direction in (False, True):
        for sort in sorts(direction):
            for is_null in (False, True):
                nulls = tuple(is_null for _ in sort)
                for counted, conditional in (
                    (False, False),
                    (False, True),
                    (True, False),
                    (True, True),
                ):
                    shape = lists.Shape(frozenset(FILTERS), sort, nulls, counted, conditional)
                    guard.approved(lists.page(shape))
                trash = lists.Shape(frozenset({"deleted"}), sort[:1])
                guard.approved(lists.page(trash))
    for names in ({"deleted"}, set[str]()):
        guard.approved(bulk.moving(frozenset(names)))


def test_no_list_has_anything_compiled_or_examined_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    know_everything()
    monkeypatch.setattr(guard, "compiled", refuse)
    monkeypatch.setattr(guard, "require_owner", refuse)
    monkeypatch.setattr(guard, "require_part", refuse)
    draw = Random(66)  # noqa: S311  (no secret)
    for _ in range(500):
        sql = guard.approved(lists.page(random_shape(draw)))
        assert has_owner(sql.text)
        assert len(sql.text) + len(sql.preparation) <= MAX_BYTES
    for names in (FILTERS, {"deleted": ...}, {}):
        guard.approved(bulk.moving(frozenset(names)))


def refuse(*_: object) -> Compiled:
    raise AssertionError("something was compiled or examined for one question")


def test_what_is_kept_of_lists_is_bounded() -> None:
    draw = Random(67)  # noqa: S311  (no secret)
    for _ in range(2 * lists.MAX_SHAPES):
        guard.approved(lists.page(random_shape(draw)))
    assert lists.page.cache_info().currsize == lists.MAX_SHAPES


TEMPLATE = select(tasks.c.id).where(owned(), slot("wanted"))
FLAWS: dict[str, Callable[[], Atom]] = {
    "a statement": lambda: Atom(select(tasks.c.id).where(owned()).exists()),
    "text": lambda: Atom(text("true")),  # type: ignore[arg-type]
    "a function": lambda: Atom(func.pg_read_file("x") == "x"),
    "another name of the table": lambda: Atom(tasks.alias().c.completed),
    "another table": lambda: Atom(task_lists.c.revision > 1),
    "an owner": lambda: Atom(tasks.c.user_id == owner()),
    "a value": lambda: Atom(tasks.c.title == "x"),
}


@pytest.mark.threat(65)
@pytest.mark.parametrize("flaw", FLAWS)
def test_what_fills_a_slot_is_about_the_tasks_that_the_statement_reads(flaw: str) -> None:
    filled = Statement(lambda: TEMPLATE, PageRow, slots={"wanted": [FLAWS[flaw]()]})
    with pytest.raises(guard.RefusedStatementError):
        guard.approved(filled)


@pytest.mark.threat(65)
def test_what_fills_a_slot_stays_within_it() -> None:
    """Whatever is joined to whatever, the owner's condition holds for all of it."""
    completed, everything = Atom(tasks.c.completed), Atom(true())
    part = Joined("OR", (completed, all_of(everything, completed)))
    sql = assembly.assembled(
        compiled(TEMPLATE), {"wanted": [part]}, lambda atom: compiled(atom.expression)
    )
    assert sql.text.endswith("%(owner)s AND ((tasks.completed) OR ((true) AND (tasks.completed)))")


def test_a_slot_must_be_filled() -> None:
    with pytest.raises(KeyError):
        guard.approved(Statement(lambda: TEMPLATE, PageRow, slots={"other": [Atom(true())]}))
