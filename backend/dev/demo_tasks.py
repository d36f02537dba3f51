"""Tasks as three people have them, dated around today."""

from datetime import UTC, datetime, timedelta
from typing import Any

OWNERS = {1: "a household", 2: "a small team", 3: "a student"}

# Title; days from today, or none; priority; tags. `x` before a title: done.
_LINES = {
    1: """
        Buy milk and eggs | 0 | low | shopping
        Call the plumber about the kitchen tap | -2 | high | home, calls
        Pay the electricity bill | 3 | high | money
        x Book the dentist for Mia | -1 | medium | health, calls
        Return the parcel | 1 | medium | errands
        Water the neighbours' plants | 2 | low | home
        Renew the passports | 21 | medium | papers, family
        x Order firewood | -6 | low | home
        Plan the menu for the weekend | 4 | none | family
        Winter tyres | 6 | medium | car
        Insurance: compare offers | 30 | low | money, papers
        x Cancel the old phone contract | -9 | high | money
        Birthday present for Grandma | 12 | medium | family, shopping
        Clean the gutters | | none | home, later
        Library books | 5 | low | errands
        Photos of the summer: choose and print | | none | family, later
        Fix the squeaky door | | none | home, later
        x Parents' evening | -3 | medium | family
        Bike: new brake pads | 8 | medium | errands
        Tax return: collect receipts | 40 | low | money, papers
        Freezer: defrost | | none | home
        Swimming lessons: enrol Jonas | 9 | medium | family, calls
        x Buy light bulbs | -4 | low | shopping
        Dinner with Sam and Lea | 7 | none | family
    """,
    2: """
        Fix: export forgets the time zone | -1 | high | bug, export
        Review Priya's pull request | 0 | high | review
        x Upgrade the database to 18 | -5 | medium | operations
        Write release notes for 2.4 | 2 | medium | docs, release
        Tag 2.4.0 and publish | 3 | high | release
        Customer call: Northwind | 1 | high | calls
        x Rotate the staging keys | -8 | high | operations, security
        Flaky test in the billing suite | | medium | bug, tests
        Sketch the new settings page | 6 | low | design
        x Interview with the backend candidate | -2 | medium | people
        Retro: collect topics | 4 | none | people
        Measure the search on a million rows | 10 | medium | performance
        Alert when the disk is at 80 % | 5 | high | operations
        Answer the accessibility report | 7 | medium | design, docs
        Delete the old feature flags | | low | later
        Pager rota for December | 9 | medium | operations, people
        x Postmortem of the outage in October | -12 | high | operations
        Onboarding guide: first day | 14 | low | docs, people
        Dark mode for the e-mails | | none | design, later
        Licences of our dependencies | 20 | low | security
        Backup: try a restore | 8 | high | operations
        x Move the docs to the new host | -7 | low | docs
        Quarterly plan: draft | 16 | medium | people
        Rate limits for the public API | 18 | medium | security, performance
    """,
    3: """
        Linear algebra: exercise sheet 6 | 1 | high | maths
        Read chapter 4 of "Operating Systems" | 2 | medium | reading
        x Register for the exams | -4 | high | papers
        Lab report: pendulum | -1 | high | physics
        Group project: split the work | 0 | medium | project
        Borrow "Introduction to Algorithms" | 3 | low | reading, library
        Laundry | 0 | none | home
        x Exercise sheet 5 | -6 | high | maths
        Flashcards for the vocabulary test | 4 | medium | spanish
        Call home | 5 | low | family
        Grant: send the certificate | 6 | high | papers, money
        Slides for the seminar | 9 | medium | project
        x Bike to the repair shop | -3 | low | errands
        Ask about the tutoring job | 7 | medium | money
        Essay: outline | 11 | medium | reading
        Essay: first draft | 18 | medium | reading
        Physics: old exams | 25 | low | physics
        Rehearsal of the choir | 2 | none | music
        x Return the lab key | -8 | low | physics
        Cheaper phone plan? | | none | money, later
        Sort the lecture notes | | none | later
        Ticket home for the holidays | 13 | medium | family, money
        Clean the shared kitchen | 1 | low | home
        Spanish film night | 8 | none | spanish
    """,
}


def tasks_of(owner: int) -> list[dict[str, Any]]:
    """The contents of an owner's tasks, as `POST …/tasks` takes them."""
    today = datetime.now(UTC).date()
    made = []
    for line in filter(str.strip, _LINES[owner].splitlines()):
        title, days, priority, tags = (part.strip() for part in line.split("|"))
        due = (today + timedelta(int(days))).isoformat() if days else None
        made.append(
            {
                "title": title.removeprefix("x "),
                "completed": title.startswith("x "),
                "due_date": due,
                "priority": priority,
                "tags": tags.split(", "),
            }
        )
    return made
