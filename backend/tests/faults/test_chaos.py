"""The short form of `make chaos`, against a real server.

Its PostgreSQL is its own, because it is stopped, frozen and killed.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from threading import Event

import pytest
from psutil import pid_exists

from backend.tests.chaos.audit import audit
from backend.tests.chaos.cuts import CASES, Case, Cut, Cuts, cuts
from backend.tests.chaos.faults import (
    BACKENDS,
    POSTMASTER_KILLED,
    SERVICE_KILLED,
    UNNOTICED,
    Fault,
    frozen,
    stopped,
)
from backend.tests.chaos.followers import Follower, misled
from backend.tests.chaos.load import Load, Written
from backend.tests.chaos.trial import endure
from backend.tests.chaos.world import World, world
from backend.tests.support.api import Api
from backend.tests.support.problems import require_problem
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface
from backend.tests.support.waiting import STALL, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

PREPARES = 1
"""Messages that a new connection has more: the statement is prepared there first."""

CLIENTS = 4
DEADLINE = 0.8
LOCK = "LOCK TABLE tasks, task_lists, idempotency_keys IN ACCESS EXCLUSIVE MODE"
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"
UNREPEATABLE = ("toggle", "create")
ALTERNATELY = list(zip(CASES, cycle([PRIMARY, FLAT]), strict=False))


def name(part: Case | Surface) -> str:
    return str(part) if isinstance(part, Case) else part.name


@pytest.fixture(scope="module")
def ours() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def sender(ours: World) -> Iterator[Cuts]:
    """A service with one connection, which can be cut."""
    with cuts(ours) as made:
        yield made


@pytest.fixture(scope="module")
def hurried(ours: World) -> Iterator[Cuts]:
    """The same with a short deadline."""
    with cuts(ours, REQUEST_TIMEOUT=str(DEADLINE)) as made:
        yield made


@pytest.fixture
def owner(ours: World) -> int:
    """One who has no task yet."""
    with ours.below() as execute:
        [(highest,)] = execute("SELECT max(user_id) FROM task_lists")
    return int(highest or 0) + 10_000_000


def are_gone(ended: list[tuple[int, bool]]) -> bool:
    """Whether the processes are: until then their end may not have arrived."""
    return not any(pid_exists(process) for process, _ in ended)


@pytest.mark.requirement("FR-21", "NFR-05")
@pytest.mark.threat(23)
def test_idle_backends_that_were_terminated_are_replaced_unnoticed(
    ours: World, surface: Surface, owner: int
) -> None:
    api = Api(ours.service.client, surface, owner)
    with ours.below() as execute:
        for request in api.every(api.made(title="old")["id"]).values():
            ended = execute(f"SELECT pid, pg_terminate_backend(pid) {BACKENDS}")
            wait_until(partial(are_gone, ended))
            assert api.send(request).is_success


@pytest.mark.requirement("FR-21", "NFR-09")
@pytest.mark.parametrize(
    ("verb", "key"),
    [
        *((verb, "") for verb in ("list", "read", "replace", "patch", "complete", "delete")),
        *(("create", "key"), ("create", ""), ("toggle", "")),
    ],
)
@pytest.mark.threat(24)
def test_terminated_in_mid_statement(ours: World, owner: int, verb: str, key: str) -> None:
    """What can be repeated is; of the rest it is said that its outcome is unknown."""
    api = Api(ours.service.client, FLAT, owner)
    request = api.every(api.made(title="old")["id"])[verb]
    headers = {"Idempotency-Key": key} if key else {}
    with ThreadPoolExecutor(1) as pool, ours.below() as execute:
        execute("BEGIN")
        execute(LOCK)
        sent = pool.submit(api.send, request, headers)
        wait_until(lambda: execute(WAITING))
        [first] = execute(WAITING)
        execute("SELECT pg_terminate_backend(%s)", *first)
        wait_until(lambda: first not in execute(WAITING))
        execute("ROLLBACK")
        answer = sent.result()
    if verb in UNREPEATABLE and not key:
        assert "unknown" in require_problem(answer, 503, "database_unavailable")["detail"]
    else:
        assert answer.is_success


@pytest.mark.requirement("FR-21", "FR-12")
@pytest.mark.threat(25)
def test_without_its_database_the_service_says_so_and_goes_on_when_it_is_back(
    ours: World, hurried: Cuts, owner: int
) -> None:
    client, api = hurried.client, Api(hurried.client, PRIMARY, owner)
    task = api.made()
    with stopped(ours):
        answer = api.patch(task["id"], title="new")
        assert "Nothing was done" in require_problem(answer, 503, "database_unavailable")["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 3
        require_problem(client.get("/health/ready"), 503, "database_unavailable")
        assert client.get("/health/live").is_success
    wait_until(lambda: api.list().is_success, seconds=1 + STALL)
    assert client.get("/health/ready").is_success
    assert api.read(task["id"]).json() == task


@pytest.mark.requirement("NFR-08")
@pytest.mark.threat(26)
def test_a_frozen_database_is_503_at_the_deadline_and_frees_the_thread(
    ours: World, hurried: Cuts, owner: int
) -> None:
    """The second request finds the only thread free, and cannot even connect."""
    hurried.client.get(f"/api/{owner}/tasks")
    with frozen(ours):
        for _ in range(2):
            began = time.monotonic()
            require_problem(hurried.client.get(f"/api/{owner}/tasks"), 503, "timeout")
            assert DEADLINE - 0.1 <= time.monotonic() - began <= DEADLINE + STALL
            assert hurried.client.get("/health/live").is_success
    assert hurried.client.get(f"/api/{owner}/tasks").is_success


@pytest.mark.requirement("NFR-08")
@pytest.mark.threat(27)
def test_a_row_locked_elsewhere_is_503_timeout_and_nothing_changed(ours: World, owner: int) -> None:
    api = Api(ours.service.client, PRIMARY, owner)
    task = api.made()
    with ours.below() as execute:
        execute("BEGIN")
        execute("SELECT FROM task_lists WHERE user_id = %s FOR UPDATE", owner)
        refused = require_problem(api.toggle(task["id"]), 503, "timeout")
        execute("ROLLBACK")
    assert "nothing was changed" in refused["detail"]
    ended = [line for line in ours.postgres.log.read_text().splitlines() if "canceling" in line]
    assert ended[-1].endswith("due to lock timeout")  # after 1 s, not the statement's 3
    assert api.read(task["id"]).json() == task


@pytest.mark.requirement("FR-21")
def test_the_audit_sees_what_is_lost_or_doubled(ours: World, owner: int) -> None:
    load = Load(ours.service.port, 1, owner, repeats=False)
    titles = ("kept", "never changed", "twice", "twice", "never trashed")
    created = [ours.service.client.post(f"/api/{owner}/tasks", json={"title": t}) for t in titles]
    kept, changed, twice, _, trashed = (answer.json()["id"] for answer in created)
    load.clients[0].tasks = [
        Written(owner, "kept", kept),
        Written(owner, "twice", twice),
        Written(owner, "missing", 1),
        Written(owner, "never changed", changed, orders={7}),
        Written(owner, "never trashed", trashed, trashed=True),
    ]
    assert audit(ours, load) == (3, 1, 0)


@pytest.mark.requirement("FR-41")
def test_the_audit_sees_what_a_follower_believes_wrongly(ours: World, owner: int) -> None:
    Api(ours.service.client, PRIMARY, owner).made()
    follower = Follower(ours.service.port, owner, Event())
    assert misled(ours, [follower]) == 0
    follower.tasks[10**9] = 1
    assert misled(ours, [follower]) == 1


@pytest.mark.requirement("FR-21")
@pytest.mark.threat(32)
@pytest.mark.parametrize("fault", [SERVICE_KILLED, POSTMASTER_KILLED], ids=lambda one: one.name)
def test_killed_under_write_load_every_acknowledged_write_is_there_once(
    ours: World, fault: Fault
) -> None:
    report = endure(ours, fault, CLIENTS)
    assert report.is_good, report


@pytest.mark.requirement("FR-21")
@pytest.mark.threat(33)
@pytest.mark.parametrize("fault", UNNOTICED, ids=lambda one: one.name)
def test_terminations_and_restarts_under_load_are_not_noticed(ours: World, fault: Fault) -> None:
    report = endure(ours, fault, CLIENTS)
    assert report.is_good, report
    assert report.refused == 0


@pytest.mark.requirement("FR-21", "NFR-09")
@pytest.mark.threat(34)
@pytest.mark.parametrize(("case", "surface"), ALTERNATELY, ids=name)
def test_cut_at_a_message_the_data_are_as_the_answer_says(
    sender: Cuts, case: Case, surface: Surface
) -> None:
    """Not sent, and done but not wholly answered: `make chaos` cuts at all others, too."""
    last = sender.messages(case, surface, anew=False)
    for number in (1, last):
        sender.send(case, surface, Cut(number, after=False))
    report = sender.report(str(case))
    assert report.is_good, report


@pytest.mark.requirement("FR-21", "NFR-09")
@pytest.mark.threat(34)
@pytest.mark.parametrize("case", [CASES[1], CASES[3]], ids=str)
def test_cut_as_soon_as_it_is_open_a_connection_is_replaced_whatever_was_to_be_sent(
    sender: Cuts, case: Case
) -> None:
    """Twice in a row: one that was idle, and the new one for it."""
    of_request, of_both = (sender.messages(case, PRIMARY, anew=anew) for anew in (False, True))
    of_opening = of_both - of_request - PREPARES
    sender.send(case, PRIMARY, Cut(of_opening, after=True, anew=True))
    report = sender.report(str(case))
    assert report.is_good, report
    assert report.refused == 0 or sender.was_overtaken, report
