"""Operators carry lists as files, of any size, and go on where they were interrupted."""

import argparse
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import URL

from backend.commands import export
from backend.commands.terminal import Stopped
from backend.services.lists import Page
from backend.tests.support.commands import command, execute

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-54")]

EXPORT, IMPORT = "backend.commands.export", "backend.commands.import"
TITLES = "SELECT title FROM tasks WHERE user_id = 7 ORDER BY revision"


def brought(url: URL, file: Path, *more: str, format: str = "todotxt") -> Any:
    return command(IMPORT, "--owner", "7", "--format", format, *more, str(file), url=url)


def test_a_file_comes_in_by_chunks_goes_out_and_comes_in_no_second_time(
    database: URL, tmp_path: Path
) -> None:
    file, out = tmp_path / "todo.txt", tmp_path / "tasks.json"
    file.write_text("".join(f"task {number} rec:1b\n" for number in range(1500)))
    planned = brought(database, file, "--dry-run")
    assert planned.stdout.endswith("Would have made 1500, changed 0, left 0.\n")
    assert execute(database, TITLES) == []
    done = brought(database, file)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Made 1500, changed 0, left 0.")
    assert "repeat (1500, in lines 1, 2, 3" in done.stdout
    assert done.stderr.splitlines()[0] == "owner 7: 1000 of 1500 tasks"
    assert execute(database, TITLES) == [(f"task {number}",) for number in range(1500)]
    sent = command(EXPORT, "--owner", "7", "--format", "json", "--output", str(out), url=database)
    assert sent.stdout == f"Exported 1500 tasks to {out}.\n"
    assert [task["title"] for task in json.loads(out.read_text())][-1] == "task 1499"
    again = brought(database, out, format="json")
    assert again.stdout == "Made 0, changed 0, left 1500 (same 1500).\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["tasks.json", "todo.txt"]


@pytest.mark.requirement("FR-76")
def test_a_task_waits_for_those_that_it_names_in_whatever_part_of_the_file(
    database: URL, tmp_path: Path
) -> None:
    tasks = [{"uid": f"{n}", "parent_uid": "top", "repeat_of_uid": f"{n + 1}"} for n in range(1200)]
    lines = [{"title": task["uid"], **task} for task in tasks]
    lines += [{"title": "1200", "uid": "1200"}, {"title": "top", "uid": "top"}, {}]
    file = tmp_path / "tasks.json"
    file.write_text("\n".join(map(json.dumps, lines)))
    for more, told in (("--dry-run",), "Would have made"), ((), "Made"):
        done = brought(database, file, *more, format="json")
        [left_out, report] = done.stdout.splitlines()
        assert left_out.startswith("empty (1, in lines 1203)")
        assert report == f"{told} 1202, changed 0, left 0."
    parts = (
        "SELECT count(*) FROM tasks AS part JOIN tasks AS top ON top.id = part.parent_id "
        "JOIN tasks AS before ON before.id = part.repeat_of "
        "WHERE top.title = 'top' AND before.title::int = part.title::int + 1"
    )
    assert execute(database, parts) == [(1200,)]


@pytest.mark.requirement("FR-54")
def test_what_is_left_out_of_a_file_without_tasks_is_said(tmp_path: Path) -> None:
    module: Any = import_module(IMPORT)
    file = tmp_path / "tasks.json"
    file.write_text("{}\n{}\n")
    asked = argparse.Namespace(format="json", dry_run=False, time_zone=ZoneInfo("UTC"), file=file)
    [contents] = module.ordered(asked, module.require_good(asked)[1])
    assert (contents.records, contents.tally.lines) == ([], {"empty": [1, 2]})


def test_a_file_with_errors_writes_nothing_and_names_their_lines(
    database: URL, tmp_path: Path
) -> None:
    file = tmp_path / "tasks.json"
    file.write_text("\n".join([*('{"title": "x"}' for _ in range(1200)), '{"title": 5}']))
    done = brought(database, file, format="json")
    assert done.returncode == 1
    assert "line 1201, title: must be text (invalid)" in done.stderr
    assert "Nothing was written" in done.stderr
    assert execute(database, TITLES) == []


def test_what_is_asked_wrongly_is_said(database: URL, tmp_path: Path) -> None:
    missing = brought(database, tmp_path / "none.txt")
    assert (missing.returncode, "is no file" in missing.stderr) == (1, True)
    zone = brought(database, tmp_path, "--time-zone", "Nowhere")
    assert (zone.returncode, "must be a time zone like" in zone.stderr) == (2, True)


def options(output: Path, format: str = "json") -> argparse.Namespace:
    zone = ZoneInfo("UTC")
    return argparse.Namespace(owner=7, format=format, output=output, deleted=False, time_zone=zone)


def pages(fail_at: int | None) -> tuple[export.ReadPage, list[str | None]]:
    """Five pages with a task each; one of them is interrupted."""
    asked: list[str | None] = []

    def read(cursor: str | None) -> Page:
        asked.append(cursor)
        number = int(cursor or 0)
        if number == fail_at:
            raise KeyboardInterrupt
        following = str(number + 1) if number < 4 else None
        return Page(json.dumps({"title": f"task {number}"}), following, None, 1)

    return read, asked


def test_an_interrupted_export_goes_on_where_it_was(tmp_path: Path) -> None:
    output = tmp_path / "tasks.json"
    read, _ = pages(fail_at=3)
    with pytest.raises(Stopped):
        export.export(read, options(output))
    assert not output.exists()
    with (tmp_path / "tasks.json.part").open("ab") as part:
        part.write(b"half of a page")
    read, asked = pages(fail_at=None)
    export.export(read, options(output))
    assert asked == ["3", "4"]
    titles = [task["title"] for task in json.loads(output.read_text())]
    assert titles == [f"task {number}" for number in range(5)]
    assert [one.name for one in tmp_path.iterdir()] == ["tasks.json"]


def test_what_was_begun_for_another_question_is_begun_anew(tmp_path: Path) -> None:
    output = tmp_path / "tasks.json"
    with pytest.raises(Stopped):
        export.export(pages(fail_at=3)[0], options(output))
    read, asked = pages(fail_at=None)
    other = options(output)
    other.owner = 8
    export.export(read, other)
    assert asked[0] is None
    assert len(json.loads(output.read_text())) == 5


def test_an_interrupted_import_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module: Any = import_module(IMPORT)
    file = tmp_path / "todo.txt"
    file.write_text("a\nb\n")

    class Interrupted:
        def __init__(self, session: object) -> None: ...

        def run(self, *_: object, **__: object) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "ImportService", Interrupted)
    asked = argparse.Namespace(
        owner=7, format="todotxt", dry_run=False, time_zone=ZoneInfo("UTC"), file=file
    )
    session: Callable[..., object] = lambda owner: None  # noqa: E731
    with pytest.raises(Stopped):
        module.bring(argparse.Namespace(of_owner=session), asked)
    assert "interrupted: run it again to go on" in capsys.readouterr().err
