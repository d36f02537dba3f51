"""Files in the shape that other programs give them, written by us, become their users' tasks."""

import json
from typing import Any

import pytest

from backend.tests.support.files import left_out, records, shown

pytestmark = pytest.mark.requirement("FR-52")

TODOIST = """\ufeffTYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,\
TIMEZONE,DURATION
meta,view_style=list,,,,,,,,,
,,,,,,,,,,
section,Home,,,,,,,,,
task,Buy milk @shop @cheap,"two
lines",1,1,Me (1),,2026-12-01,en,Europe/Berlin,
note,oat milk,,,,Me (1),,,,,
task,mail a@b.example @work,,3,2,Me (1),You (2),tomorrow,en,Europe/Berlin,15
task,Water,,4,1,Me (1),,every day,en,,
task,Call,,2,1,Me (1),,2026-12-01 09:30,en,Europe/Berlin,
task,Find the number,,4,2,Me (1),,,en,,
section,,,,,,,,,,
task,in the book,,4,3,Me (1),,,en,,
"""
GOOGLE: dict[str, Any] = {
    "kind": "tasks#taskLists",
    "items": [
        {
            "kind": "tasks#taskList",
            "id": "L1",
            "title": "Mine",
            "items": [
                {
                    "id": "a",
                    "title": "Buy milk",
                    "notes": "oat\nmilk",
                    "status": "needsAction",
                    "due": "2026-12-01T00:00:00.000Z",
                    "created": "2026-11-01T10:00:00.123Z",
                    "updated": "2026-11-02T10:00:00Z",
                    "links": [],
                },
                {"id": "b", "title": "", "status": "needsAction"},
                {
                    "id": "c",
                    "title": "Done",
                    "status": "completed",
                    "completed": "2026-11-03T10:00:00.000Z",
                    "hidden": True,
                    "parent": "a",
                },
                {"id": "d", "title": "Gone", "deleted": True},
            ],
        },
        {"kind": "tasks#taskList", "title": "Empty", "updated": "2026-11-02T10:00:00Z"},
        {"kind": "tasks#taskList", "title": "None", "items": []},
    ],
}
WARRIOR: list[dict[str, Any]] = [
    {
        "id": 1,
        "uuid": "8e12b1c4-0e0d-4d3a-9b0e-1d2f3a4b5c6d",
        "description": "Buy milk",
        "status": "pending",
        "priority": "H",
        "project": "Home.Shop",
        "tags": ["errand"],
        "entry": "20260101T120000Z",
        "modified": "20260102T120000Z",
        "due": "20261130T230000Z",
        "urgency": 9.1,
        "annotations": [{"entry": "20260102T120000Z", "description": "oat"}],
    },
    {"uuid": "2", "description": "Later", "status": "waiting", "wait": "20270101T000000Z"},
    {"uuid": "3", "description": "Daily", "status": "recurring", "recur": "daily"},
    {"uuid": "4", "description": "Gone", "status": "deleted", "end": "20260102T120000Z"},
    {
        "uuid": "5",
        "description": "Done",
        "status": "completed",
        "end": "20260103T120000Z",
        "due": "20260102T103000Z",
        "depends": ["2"],
        "estimate": "3h",
    },
]
TICKTICK = """"Date: 2026-11-30+0000"
"Version: 7.1"
"Status:
0 Normal
1 Completed
2 Archived"
"Folder Name","List Name","Title","Kind","Tags","Content","Is Check list","Start Date","Due Date",\
"Reminder","Repeat","Priority","Status","Created Time","Completed Time","Order","Timezone",\
"Is All Day","taskId","parentId"
"","Home","Buy milk","TEXT","shop, cheap","two
lines","N","2026-11-30T23:00:00+0000","2026-11-30T23:00:00+0000","","","5","0",\
"2026-11-01T10:00:00+0000","","-1099511627776","Europe/Berlin","true","1",""
"Work","Job","Report","TEXT","","","N","","2026-12-01T09:30:00+0000","PT0S","FREQ=DAILY","1","2",\
"2026-11-01T11:00:00+0000","2026-11-02T11:00:00+0000","0","Europe/Berlin","false","2","1"
"","Home","A note","NOTE","","text","N","","","","","0","0","2026-11-01T12:00:00+0000","","1","",\
"false","3",""
"""


def of(found: list[Any], *names: str) -> list[Any]:
    """These fields of each task."""
    return [tuple(shown(record).get(name) for name in names) for record in found]


def test_todoist() -> None:
    found = records("todoist", TODOIST)
    assert of(found, "title", "priority", "tags", "due_date", "due_at") == [
        ("Buy milk", "high", ["shop", "cheap"], "2026-12-01", None),
        ("mail a@b.example", "low", ["work"], None, None),
        ("Water", "none", [], None, None),
        ("Call", "medium", [], None, "2026-12-01T08:30:00.000000Z"),
        ("Find the number", "none", [], None, None),
        ("in the book", "none", [], None, None),
    ]
    parents = [None, "key 5", None, None, "key 10", "key 10"]
    assert [shown(one)["parent_uid"] for one in found] == parents
    assert found[0].values["description"] == "two\nlines\n\noat milk"
    assert left_out("todoist", TODOIST) == {
        "list": [4, 12],
        "due": [8],
        "nested": [13],
        "person": [8],
        "other": [8],
        "repeat": [9],
    }


def test_google_tasks() -> None:
    text = json.dumps(GOOGLE, indent=1)
    found = records("google_tasks", text)
    assert [shown(one) for one in found] == [
        {
            "title": "Buy milk",
            "description": "oat\nmilk",
            "completed": False,
            "completed_at": None,
            "tags": ["Mine"],
            "due_date": "2026-12-01",
            "due_at": None,
            "order": None,
            "created_at": "2026-11-01T10:00:00.123000Z",
            "updated_at": "2026-11-02T10:00:00.000000Z",
            "uid": "google-tasks:a",
            "parent_uid": None,
            "repeat_of_uid": None,
        },
        shown(found[1]),
    ]
    assert of(found[1:], "title", "completed", "completed_at", "parent_uid") == [
        ("Done", True, "2026-11-03T10:00:00.000000Z", "google-tasks:a")
    ]
    lines = text.split("\n")
    empty, gone = (
        next(n for n, line in enumerate(lines) if f'"id": "{name}"' in line) for name in "bd"
    )
    told = left_out("google_tasks", text)
    assert (told["empty"], told["deleted"]) == ([empty], [gone])
    assert told.keys() == {"empty", "deleted"}
    assert len(records("google_tasks", json.dumps(GOOGLE, separators=(",", ":")))) == 2


@pytest.mark.parametrize("lines", [False, True])
def test_taskwarrior(lines: bool) -> None:
    each = [json.dumps(task) for task in WARRIOR]
    text = "\n".join(each) if lines else f"[\n{','.join(each)}\n]\n"
    found = records("taskwarrior", text, zone="Europe/Berlin")
    fields = ("title", "priority", "tags", "due_date", "due_at", "completed_at", "uid")
    first = ("Buy milk", "high", ["errand", "Home.Shop"], "2026-12-01", None, None)
    assert of(found, *fields) == [
        (*first, "8e12b1c4-0e0d-4d3a-9b0e-1d2f3a4b5c6d"),
        ("Later", "none", [], None, None, None, "2"),
        *[("Done", "none", [], None, "2026-01-02T10:30:00.000000Z", "2026-01-03T12:00:00.000000Z",
            "5")],
    ]  # fmt: skip
    assert shown(found[0])["description"] == "oat"
    assert shown(found[0])["created_at"] == "2026-01-01T12:00:00.000000Z"
    assert shown(found[0])["updated_at"] == "2026-01-02T12:00:00.000000Z"
    assert left_out("taskwarrior", text).keys() == {"start", "repeat", "deleted", "parent", "other"}


def test_ticktick() -> None:
    found = records("ticktick", TICKTICK)
    assert of(found, "title", "priority", "tags", "due_date", "due_at", "completed_at") == [
        ("Buy milk", "high", ["shop", "cheap", "Home"], "2026-12-01", None, None),
        *[("Report", "low", ["Job"], None, "2026-12-01T09:30:00.000000Z",
            "2026-11-02T11:00:00.000000Z")],
    ]  # fmt: skip
    assert shown(found[0])["description"] == "two\nlines"
    assert (shown(found[0])["order"], shown(found[1])["order"]) == (-1099511627776, 0)
    assert found[0].uid != found[1].uid
    assert of(found, "repeat", "repeat_zone", "parent_uid") == [
        (None, None, None),
        ("FREQ=DAILY", "Europe/Berlin", "key 1"),
    ]
    told = left_out("ticktick", TICKTICK)
    assert told == {
        "reminder": [10],
        "list": [10],
        "no_task": [11],
    }
