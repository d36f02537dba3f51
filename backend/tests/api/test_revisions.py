"""Revisions follow the database's clock, so no number is ever given to two states."""

import pytest
from sqlalchemy import Connection

from backend.tests.support.api import Api
from backend.tests.support.tags import tag_of

NOW = "SELECT (extract(epoch FROM now()) * 1000000)::bigint"
DAY = 86_400_000_000


@pytest.mark.threat(46)
@pytest.mark.requirement("FR-25")
def test_a_revision_is_the_time_in_microseconds_and_fits_a_float(
    api: Api, below: Connection
) -> None:
    """Of the transaction, which is the whole test's here: each next one is one more."""
    now: int = below.exec_driver_sql(NOW).scalar_one()
    first, second = api.made(), api.made()
    assert now <= first["revision"] < now + DAY
    assert second["revision"] == first["revision"] + 1
    assert second["revision"] < 2**53


@pytest.mark.threat(46)
@pytest.mark.requirement("FR-25")
def test_after_a_restore_of_older_data_no_number_comes_again(api: Api, below: Connection) -> None:
    """A backup, or a standby that lost writes, knows a number of long ago."""
    task = api.made()
    lost = api.patch(task["id"], title="lost").json()["revision"]
    long_ago = lost - DAY
    below.exec_driver_sql("UPDATE task_lists SET revision = %s", (long_ago,))
    below.exec_driver_sql("UPDATE tasks SET revision = %s, title = 'old'", (long_ago,))
    # Where the clock went on since, as it did: the transaction's, which stands still, is before.
    now = below.exec_driver_sql(NOW).scalar_one()
    assert api.patch(task["id"], title="new").json()["revision"] == now > long_ago + 1


@pytest.mark.threat(46)
@pytest.mark.requirement("FR-25")
@pytest.mark.parametrize("ahead", [0, 1, DAY])
def test_with_the_clock_behind_numbers_go_on_one_by_one(
    api: Api, below: Connection, ahead: int
) -> None:
    ids = [api.made()["id"] for _ in range(3)]
    future = below.exec_driver_sql(f"SELECT ({NOW}) + 10 + {ahead}").scalar_one()
    below.exec_driver_sql("UPDATE task_lists SET revision = %s", (future,))
    assert api.patch(ids[0], order=1).json()["revision"] == future + 1
    assert api.toggle(ids[1]).json()["revision"] == future + 2
    assert api.delete_all().status_code == 204
    trashed = api.list(deleted=True).json()
    assert [task["revision"] for task in trashed] == [future + 3, future + 4, future + 5]
    assert api.list().headers["etag"] == tag_of(future + 5)


@pytest.mark.threat(46)
@pytest.mark.requirement("FR-25")
def test_old_numbers_are_left_as_they_are_and_the_next_one_follows_the_clock(
    api: Api, below: Connection
) -> None:
    kept, changed = api.made(), api.made()
    below.exec_driver_sql("UPDATE task_lists SET revision = 2")
    for number, task in enumerate((kept, changed), start=1):
        below.exec_driver_sql("UPDATE tasks SET revision = %s WHERE id = %s", (number, task["id"]))
    assert api.read(kept["id"]).headers["etag"] == tag_of(1)
    now = below.exec_driver_sql(NOW).scalar_one()
    assert api.toggle(changed["id"], headers={"If-Match": '"2"'}).json()["revision"] >= now
    assert api.read(kept["id"]).headers["etag"] == tag_of(1)
