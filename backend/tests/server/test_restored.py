"""After a backup was restored: every cursor has expired, and no task is another."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from backend.commands.restored import expire
from backend.errors import Overloaded
from backend.services.restored import Restored
from backend.tests.support.api import Api
from backend.tests.support.commands import command, execute
from backend.tests.support.copies import Copy
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import PRIMARY

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-41")]
RESTORED = "backend.commands.restored"


@pytest.mark.threat(46)
def test_after_a_restore_every_client_reads_anew_and_ends_with_what_is_there(
    live: RecordingClient, database: URL
) -> None:
    apis = [Api(live, PRIMARY, owner) for owner in (1, 2, 5)]
    copies = [Copy(api) for api in apis]
    for api in apis:
        api.made(title="in the backup")
    backup = execute(database, "SELECT * FROM task_lists ORDER BY user_id")
    lost = [api.made(title="after the backup") for api in apis]
    for copy in copies:
        copy.follow()
        assert len(copy.tasks) == 2
    for owner, revision, changed_at, _ in backup:  # what a restore would do
        execute(database, f"DELETE FROM tasks WHERE user_id = {owner} AND revision > {revision}")
        execute(
            database,
            f"UPDATE task_lists SET revision = {revision}, changed_at = '{changed_at}' "
            f"WHERE user_id = {owner}",
        )
    before = [api.list().text for api in apis]
    done = command(RESTORED, url=database)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == "All cursors from before now are expired, of 3 owners.\n"
    for api, copy, gone, text in zip(apis, copies, lost, before, strict=True):
        assert api.changes(since=copy.since).status_code == 410
        copy.follow()
        assert copy.expired == 1
        assert gone["id"] not in copy.tasks
        assert copy.tasks == {task["id"]: task for task in api.list().json()}
        assert api.list().text == text
        assert api.changes(since=copy.since).json()["items"] == []
        new = api.made(title="new")
        assert new["revision"] > gone["revision"]
        assert api.changes(since=copy.since).json()["items"] == [new]


def test_an_interrupted_run_goes_on_where_it_was(live: RecordingClient, database: URL) -> None:
    for owner in (1, 2, 3):
        Api(live, PRIMARY, owner).made()
    done = command(RESTORED, "--from-owner", "2", url=database)
    assert done.stdout == "All cursors from before now are expired, of 2 owners.\n"
    horizons = execute(database, "SELECT user_id FROM task_lists WHERE horizon > 0 ORDER BY 1")
    assert horizons == [(2,), (3,)]
    refused = command(RESTORED, "--from-owner", "0", url=database)
    assert refused.returncode == 2
    assert "must be the number of an owner" in refused.stderr


@pytest.mark.parametrize(
    ("end", "line"),
    [
        (KeyboardInterrupt(), "Done for 1 owners; go on with --from-owner 7"),
        (
            Overloaded("Busy."),
            "Done for 1 owners; then it ended (Busy.): go on with --from-owner 7",
        ),
    ],
    ids=["interrupted", "ended"],
)
def test_what_ends_a_run_is_one_line_that_says_where_to_go_on(
    end: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Ending(Restored):
        def __init__(self) -> None:
            self.done: list[int] = []

        def owners(self, after: int = 0) -> Iterator[int]:
            yield from (after + 1, 7)

        def expire(self, owner: int) -> None:
            if self.done:
                raise end
            self.done.append(owner)

    with pytest.raises(SystemExit) as stopped:
        expire(Ending(), 1)
    told = capsys.readouterr().err + str(stopped.value.code)
    assert told.startswith(line)
