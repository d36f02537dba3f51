"""`python -m backend.commands.purge --older-than 30d`: empty the trash, or say what would go."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from backend.commands.terminal import (
    ENDED,
    INTERRUPTED,
    Stopped,
    named,
    operator_session,
    why,
)
from backend.config import get_settings
from backend.errors import DatabaseUnavailable
from backend.services.purge import Purge

_AGE = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def age(text: str) -> timedelta:
    """`30d`, `12h`, `4w`."""
    match = _AGE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError("must be like 30d, 12h or 4w")
    return int(match[1]) * _UNITS[match[2]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.commands.purge", description=__doc__)
    parser.add_argument("--older-than", type=age, required=True, metavar="30d", dest="age")
    parser.add_argument("--apply", action="store_true", help="remove; without it, only say what")
    return parser.parse_args()


def survey(purge: Purge) -> str:
    """What would go, and that nothing went."""
    trash, keys = purge.old_tasks(), sum(purge.expired_keys().values())
    what = f"{sum(trash.values())} tasks of {len(trash)} owners and {keys} expired keys"
    return f"Would remove {what}. Nothing was removed; --apply removes."


@dataclass
class Removal:
    """What was removed so far, and whose rows were passed over with which reason."""

    purge: Purge
    tasks: int = 0
    owners: set[int] = field(default_factory=set)
    keys: int = 0
    passed_over: dict[int, str] = field(default_factory=dict)

    def run(self) -> None:
        """Remove, telling of each batch on stderr; goes on with the others where one fails."""
        trash, keys = self.purge.old_tasks(), self.purge.expired_keys()
        for owner in trash:
            with self._going_on(owner):
                for number in self.purge.remove_tasks(owner):
                    self.tasks += number
                    self.owners.add(owner)
                    print(
                        f"{self.tasks} of {sum(trash.values())} tasks, owner {owner}",
                        file=sys.stderr,
                    )
        for owner in keys:
            with self._going_on(owner):
                for number in self.purge.remove_keys(owner):
                    self.keys += number

    @contextmanager
    def _going_on(self, owner: int) -> Iterator[None]:
        try:
            yield
        except ENDED as error:
            if isinstance(error, DatabaseUnavailable):
                raise
            self.passed_over[owner] = why(error)

    def __str__(self) -> str:
        return (
            f"Removed {self.tasks} tasks of {len(self.owners)} owners and {self.keys} expired keys"
        )


def remove(purge: Purge) -> None:
    """Remove and say what went; an incomplete run ends with that in one line, and a status."""
    removal = Removal(purge)
    try:
        removal.run()
    except KeyboardInterrupt:
        print(
            f"{removal}; interrupted, when one more batch may have gone: run it again to go on",
            file=sys.stderr,
        )
        raise Stopped(INTERRUPTED) from None
    except ENDED as error:
        raise SystemExit(f"{removal}; then it ended: {why(error)}") from None
    if removal.passed_over:
        reason = next(iter(removal.passed_over.values()))
        raise SystemExit(
            f"{removal}; {named([*removal.passed_over])} passed over ({reason}): run it again"
        )
    print(f"{removal}.")


def main() -> None:
    options = arguments()
    with operator_session("The purge", get_settings()) as session:
        purge = Purge.older_than(session, options.age)
        if options.apply:
            remove(purge)
        else:
            print(survey(purge))


if __name__ == "__main__":
    main()
