"""`python -m backend.commands.refill_search`: let the search find tasks that came in elsewhere.

For rows that another program wrote, or printed SQL, or an older release. Beside the running service
and over its own (pooled) address; no revision changes, so no client reads anything again.
"""

import argparse
import sys

from backend.commands.terminal import (
    ENDED,
    INTERRUPTED,
    Stopped,
    named,
    operator_session,
    owner_id,
    why,
)
from backend.config import get_settings
from backend.errors import DatabaseUnavailable
from backend.services.refill import Refill


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m backend.commands.refill_search", description=__doc__
    )
    parser.add_argument(
        *("--from-owner", "--from"),
        type=owner_id,
        default=1,
        metavar="ID",
        dest="first",
        help="go on where an interrupted run said it was",
    )
    return parser.parse_args()


class Filling:
    """One run over all owners, and how far it has come."""

    def __init__(self, refill: Refill, first: int) -> None:
        self._refill = refill
        self.at = first
        self.read = self.written = self.owners = 0
        self.passed_over: dict[int, str] = {}

    def run(self) -> None:
        """Fill, telling of each batch on stderr; goes on with the others where one fails."""
        for owner, number in self._refill.owners(after=self.at - 1):
            self.at = owner
            try:
                self._fill(owner, number)
            except DatabaseUnavailable:
                raise
            except ENDED as error:
                self.passed_over[owner] = why(error)
            self.owners += 1

    def _fill(self, owner: int, number: int) -> None:
        read = 0
        for progress in self._refill.fill(owner):
            read += progress.read
            self.read += progress.read
            self.written += progress.written
            print(f"owner {owner}: {read} of {number} tasks read", file=sys.stderr)

    def __str__(self) -> str:
        return f"Filled {self.written} of {self.read} tasks of {self.owners} owners"


def fill(refill: Refill, first: int) -> None:
    """Fill and say what was done; an incomplete run ends with where to go on, and a status."""
    filling = Filling(refill, first)
    try:
        filling.run()
    except KeyboardInterrupt:
        print(f"{filling}; go on with --from-owner {filling.at}", file=sys.stderr)
        raise Stopped(INTERRUPTED) from None
    except ENDED as error:
        raise SystemExit(
            f"{filling}; then it ended ({why(error)}): go on with --from-owner {filling.at}"
        ) from None
    if filling.passed_over:
        reason = next(iter(filling.passed_over.values()))
        raise SystemExit(
            f"{filling}; {named([*filling.passed_over])} passed over ({reason}): run it again"
        )
    print(f"{filling}.")


def main() -> None:
    options = arguments()
    with operator_session("The refill", get_settings()) as session:
        fill(Refill(session), options.first)


if __name__ == "__main__":
    main()
