"""Whatever the tasks of a file say that they are parts of, and repeat, they come to good places."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.services.transfer.planning import DEFAULTS, Plan
from backend.services.transfer.reading import Contents
from backend.services.transfer.record import Named, Record
from backend.services.transfer.report import Report
from backend.services.transfer.ties import Here, Row, Spot

pytestmark = pytest.mark.slow

UIDS = "abcdefgh"
LONG_AGO, NOW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


@st.composite
def lists(draw: st.DrawFn) -> dict[str, Here]:
    """What is here: families of one level, some of them in the trash, some tasks repeated."""
    here: dict[str, Here] = {}
    for number, uid in enumerate(draw(st.lists(st.sampled_from(UIDS), unique=True)), 1):
        tops = [one for one in here.values() if one.parent_id is None]
        parent = draw(st.none() | st.sampled_from(tops)) if tops else None
        is_trashed = draw(st.booleans()) or (parent is not None and parent.is_trashed)
        values = {**DEFAULTS, "title": uid, "parent_id": parent and parent.id}
        times = (None, LONG_AGO, LONG_AGO)
        facts = (number, number, 0, values, *times, is_trashed, False, draw(st.booleans()))
        here[uid] = Here(*facts)
    parents = {one.parent_id for one in here.values()}
    return {uid: one._replace(has_children=one.id in parents) for uid, one in here.items()}


NAMES = st.none() | st.sampled_from([Named(uid) for uid in (*UIDS, "nowhere")])


@st.composite
def files(draw: st.DrawFn) -> list[Record]:
    """Tasks that name each other, those that are here, and none; some say that they are newer."""
    found = []
    for line, uid in enumerate(draw(st.lists(st.sampled_from(UIDS), unique=True)), 1):
        values: dict[str, Any] = {"title": uid}
        if draw(st.booleans()):
            values["parent_id"] = draw(NAMES)
        modified = draw(st.sampled_from((None, LONG_AGO, NOW)))
        found.append(Record(line, values, uid, modified_at=modified, repeat_of=draw(NAMES)))
    return found


@pytest.mark.requirement("FR-76")
@settings(max_examples=300, deadline=None)
@given(lists(), files())
def test_families_have_one_level_and_no_task_is_repeated_twice(
    here: dict[str, Here], records: list[Record]
) -> None:
    report = Report(dry_run=False)
    plan = Plan(Contents(records), here, report, NOW)
    assert [row.record.line for row in plan.rows] == sorted(row.record.line for row in plan.rows)
    assert report.made + report.changed + report.skipped.total() == len(records)
    by_id = {one.id: one for one in here.values()}
    rows: dict[Spot, Row] = {row.old.id if row.old else row: row for row in plan.rows}
    parents: dict[Spot, Spot | None] = {one.id: one.parent_id for one in here.values()}
    parents |= {spot: row.parent for spot, row in rows.items()}
    for spot, parent in parents.items():
        was_there = isinstance(spot, int) and by_id[spot].parent_id == parent
        assert parent is None or parents[parent] is None
        assert parent is None or was_there or not isinstance(parent, int) or is_live(by_id[parent])
    gaining = {row.parent for spot, row in rows.items() if row.old is None or moved(row)} - {None}
    noted = {*plan.parents, *(spot for spot, row in rows.items() if row.gains)}
    assert {spot for spot in gaining if isinstance(spot, int)} == noted
    repeated = Counter(row.before for row in plan.rows if row.before is not None)
    assert all(times == 1 for times in repeated.values())
    assert not any(by_id[spot].is_followed for spot in repeated if isinstance(spot, int))
    for row in plan.rows:
        steps, one = 0, row
        while isinstance(one.before, Row):
            steps, one = steps + 1, one.before
        assert (row.first, row.steps) == (one, steps)


def is_live(task: Here) -> bool:
    return not task.is_trashed


def moved(row: Row) -> bool:
    return row.old is not None and row.old.parent_id != row.parent


@pytest.mark.requirement("FR-76")
@settings(max_examples=100, deadline=None)
@given(files(), st.randoms())
def test_the_order_of_a_file_does_not_matter_but_in_circles(
    records: list[Record], random: Any
) -> None:
    def places(order: list[Record]) -> dict[str, Any]:
        rows = Plan(Contents(order), {}, Report(dry_run=True), NOW).rows
        spots = ((row, row.parent) for row in rows)
        return {row.record.uid or "": isinstance(top, Row) and top.record.uid for row, top in spots}

    above = {one.uid: one.parent and one.parent.uid for one in records}
    for uid in above:
        seen = [uid]
        while above.get(seen[-1]) in above:
            seen.append(above[seen[-1]])
            if seen[-1] in seen[:-1]:
                return
    if any(one.repeat_of for one in records):
        records = [Record(one.line, one.values, one.uid) for one in records]
    assert places(records) == places(random.sample(records, len(records)))
