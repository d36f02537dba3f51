"""Requests whose connection to the database is cut at one message, and what they must come to."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, product

import httpx

from backend.tests.chaos.cutter import Cutter
from backend.tests.chaos.faults import AWAY
from backend.tests.chaos.load import OK
from backend.tests.chaos.trial import Report
from backend.tests.chaos.world import World, cut_off
from backend.tests.support.api import Api
from backend.tests.support.server import Server
from backend.tests.support.surfaces import FLAT, PRIMARY, Request, Surface

Tasks = list[tuple[str, bool, bool]]
"""Title, completed, trashed of each task of an owner."""

TASKS = "SELECT title, completed, deleted_at IS NOT NULL FROM tasks WHERE user_id = %s ORDER BY id"
OPEN, DONE, TRASHED, REPLACED, PATCHED, NEW = (
    ("old", False, False),
    ("old", True, False),
    ("old", False, True),
    ("taken over", False, False),
    ("taken over again", False, False),
    ("new", False, False),
)


@dataclass(frozen=True)
class Case:
    """A request, and what it makes of an owner's one task."""

    name: str
    becomes: Tasks
    may_refuse: bool = False
    """Whether it may say 503 where it was sent: it cannot be repeated, or not know its own work."""
    header: str = ""
    begins: Tasks = field(default_factory=lambda: [OPEN])

    def __str__(self) -> str:
        return f"{self.name} {self.header}".strip()


CASES = (
    Case("list", [OPEN]),
    Case("read", [OPEN]),
    Case("head", [OPEN]),
    Case("create", [OPEN, NEW], may_refuse=True),
    Case("create", [OPEN, NEW], header="Idempotency-Key"),
    Case("replace", [REPLACED]),
    Case("patch", [PATCHED]),
    Case("patch", [PATCHED], may_refuse=True, header="If-Match"),
    Case("toggle", [DONE], may_refuse=True),
    Case("toggle", [DONE], may_refuse=True, header="If-Match"),
    Case("complete", [DONE]),
    Case("delete", [TRASHED], may_refuse=True),
    Case("delete all", [TRASHED]),
    Case("restore", [OPEN], begins=[TRASHED]),
    Case("changes", [OPEN]),
    Case("summary", [OPEN]),
    Case("batch", [REPLACED, NEW], may_refuse=True),
    Case("batch", [REPLACED, NEW], header="Idempotency-Key"),
)


def batch(task_id: int) -> list[dict[str, object]]:
    """Operations that replace the title of a task, and make a new one."""
    return [
        {"op": "update", "id": task_id, "changes": {"title": "taken over"}},
        {"op": "create", "task": {"title": "new"}},
    ]


@dataclass(frozen=True)
class Cut:
    """Where the connection ends: before or after a message, of one that is open or one anew."""

    message: int
    after: bool
    anew: bool = False


class Cuts:
    """Sends cases through a cutter; each has an owner of its own."""

    def __init__(self, server: Server, cutter: Cutter, world: World) -> None:
        self.client = server.client
        self._cutter = cutter
        self._world = world
        self._owners = count(1_000_000)
        self._forget()

    def _forget(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._lost = self._doubled = 0
        self._slowest = 0.0

    def messages(self, case: Case, surface: Surface, *, anew: bool) -> int:
        """How many messages the request takes, if nothing is cut.

        In the third of three: a statement is prepared by the second.
        """
        for _ in range(3):
            self.send(case, surface, Cut(0, after=False, anew=anew))
        return self._cutter.messages

    def send(self, case: Case, surface: Surface, cut: Cut) -> None:
        """Send it, and hold the answer against the rows."""
        owner = next(self._owners)
        api = Api(self.client, surface, owner)
        request, headers = self._prepare(case, api)
        assert self._tasks(owner) == case.begins
        if cut.anew:
            self._cutter.drop()
        self._cutter.arm(cut.message, after=cut.after)
        began = time.monotonic()
        answer = api.send(request, headers)
        self._slowest = max(self._slowest, time.monotonic() - began)
        assert self._cutter.idle.wait(10)
        self._judge(case, answer, self._tasks(owner), f"{case} {cut}")

    @property
    def was_overtaken(self) -> bool:
        """Whether the service sent one message more before it could notice the last cut.

        Then it cannot know what came of it.
        """
        return self._cutter.overtaken

    def report(self, name: str) -> Report:
        """The numbers since the last report."""
        numbers = self._lost, self._doubled, self._slowest
        report = Report(name, self._verdicts, frozenset({AWAY}), *numbers)
        self._forget()
        return report

    def _judge(self, case: Case, answer: httpx.Response, tasks: Tasks, what: str) -> None:
        verdict = _verdict(answer)
        done_nothing = verdict == AWAY and "Nothing was done" in answer.text
        self._lost += verdict == OK and tasks == case.begins != case.becomes
        self._doubled += tasks not in [case.begins, case.becomes]
        if done_nothing and tasks != case.begins:
            verdict = f"untrue: {what}"
        elif verdict == AWAY and not case.may_refuse:
            verdict = f"refused: {what}"
        elif verdict not in {OK, AWAY}:
            verdict = f"{verdict}: {what}"
        self._verdicts[verdict] += 1

    def _tasks(self, owner: int) -> Tasks:
        with self._world.below() as execute:
            return list(execute(TASKS, owner))

    def _prepare(self, case: Case, api: Api) -> tuple[Request, dict[str, str]]:
        """The request, on a task as the case needs it."""
        created = api.create(title="old")
        assert created.is_success, created.text
        task_id = created.json()["id"]
        if case.begins == [TRASHED]:
            assert api.delete(task_id).is_success
        requests = api.every(task_id) | {
            "delete all": Request("DELETE", api.tasks()),
            "changes": Request("GET", api.surface.under(api.owner, "changes")),
            "summary": Request("GET", api.surface.under(api.owner, "summary")),
            "batch": api.surface.batch(api.owner, *batch(task_id)),
        }
        value = "key" if case.header == "Idempotency-Key" else created.headers["etag"]
        return requests[case.name], {case.header: value} if case.header else {}


def _verdict(answer: httpx.Response) -> str:
    if answer.is_success:
        return OK
    if answer.status_code == 503 and int(answer.headers["retry-after"]) <= 3:
        return AWAY if answer.request.method == "HEAD" else str(answer.json()["code"])
    return str(answer.status_code)


@contextmanager
def cuts(world: World, **settings: str) -> Iterator[Cuts]:
    """A sender with a service of its own.

    However slow the machine, no connection is asked whether it lives: messages are counted here.
    """
    with cut_off(world.database, VERIFY_AFTER="600", **settings) as (server, cutter):
        yield Cuts(server, cutter, world)


def cut_everywhere(sender: Cuts, cases: Iterable[Case], *, anew: bool) -> None:
    """Each case on both surfaces, cut before and after each of its messages in turn."""
    for case, surface in product(cases, (PRIMARY, FLAT)):
        messages = sender.messages(case, surface, anew=anew)
        for number, after in product(range(1, messages + 1), (False, True)):
            sender.send(case, surface, Cut(number, after, anew))
