"""`python -m backend.commands.restored`: after a backup was restored, let every client read anew.

Once, when the service runs on the restored database, or after a failover that may have lost writes.
Each owner's horizon becomes now: cursors from before are answered 410. No task is changed.
"""

import argparse
import sys

from backend.commands.terminal import ENDED, INTERRUPTED, Stopped, operator_session, owner_id, why
from backend.config import get_settings
from backend.services.restored import Restored

OWNERS_PER_LINE = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m backend.commands.restored", description=__doc__
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


def expire(restored: Restored, first: int) -> None:
    """Do so for all owners, and say for how many; an incomplete run says where to go on."""
    at, number = first, 0
    try:
        for at in restored.owners(after=first - 1):
            restored.expire(at)
            number += 1
            if number % OWNERS_PER_LINE == 0:
                print(f"{number} owners, the last one {at}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"Done for {number} owners; go on with --from-owner {at}", file=sys.stderr)
        raise Stopped(INTERRUPTED) from None
    except ENDED as error:
        raise SystemExit(
            f"Done for {number} owners; then it ended ({why(error)}): go on with --from-owner {at}"
        ) from None
    print(f"All cursors from before now are expired, of {number} owners.")


def main() -> None:
    options = arguments()
    with operator_session("The command", get_settings()) as session:
        expire(Restored(session), options.first)


if __name__ == "__main__":
    main()
