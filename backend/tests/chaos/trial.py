"""A fault under load, and what came of it."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise

from backend.tests.chaos.audit import audit
from backend.tests.chaos.faults import Fault
from backend.tests.chaos.followers import followed, misled
from backend.tests.chaos.load import OK, OWNERS, Load
from backend.tests.chaos.world import World

_first_owners: Iterator[int] = count(1, OWNERS)


@dataclass(frozen=True)
class Report:
    """The numbers of one fault. `refused` are excused by it, `failed` are not."""

    name: str
    verdicts: Counter[str]
    excused: frozenset[str]
    lost: int
    doubled: int
    slowest: float
    """Seconds of the slowest request."""
    silence: float = 0.0
    """Seconds in which no request was served, the longest."""
    recovery: float = 0.0
    """Seconds from the end of the fault to the next request that was served."""
    is_late: bool = False
    astray: int = 0
    """Series, sub-tasks and orders that are otherwise than they must be."""
    misled: int = 0
    """Tasks that followers of the feed believe in otherwise than they are."""

    @property
    def acknowledged(self) -> int:
        return self.verdicts[OK]

    @property
    def refused(self) -> int:
        return sum(self.verdicts[verdict] for verdict in self.excused)

    @property
    def failed(self) -> dict[str, int]:
        return {
            verdict: number
            for verdict, number in self.verdicts.items()
            if verdict not in self.excused | {OK}
        }

    @property
    def is_good(self) -> bool:
        wrong = self.lost + self.doubled + self.astray + self.misled
        return not (wrong or self.failed or self.is_late)


def endure(world: World, fault: Fault, clients: int, times: int = 3) -> Report:
    """Inflict it on a service under load: each client is served so often before and after it."""
    load = Load(world.service.port, clients, next(_first_owners), repeats=fault.repeats)
    owners = [] if fault.while_idle else load.owners
    with followed(world.service.port, owners) as followers, load.at_work(times):
        fault.inflict(world, load)
        over = time.monotonic()
        load.wait_for_success(over, times)
    served = sorted(answer.ended for answer in load.answers if answer.verdict == OK)
    recovery = next(end for end in served if end >= over) - over
    found = audit(world, load)
    return Report(
        fault.name,
        load.verdicts(),
        fault.excuses,
        found.lost,
        found.doubled,
        slowest=max(answer.ended - answer.began for answer in load.answers),
        silence=max(later - earlier for earlier, later in pairwise(served)),
        recovery=recovery,
        is_late=recovery > fault.recovery,
        astray=found.astray,
        misled=misled(world, followers),
    )
