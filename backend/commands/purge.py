"""`python -m backend.commands.purge --older-than 30d`: empty the trash, or say what would go."""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta

from backend.config import get_settings
from backend.database.execution import OperatorSession
from backend.errors import AppError
from backend.runtime import make_runtime
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


def remove(purge: Purge) -> str:
    """Remove, telling of each batch on stderr; what went."""
    trash, removed = purge.old_tasks(), 0
    for owner in trash:
        for number in purge.remove_tasks(owner):
            removed += number
            print(f"{removed} of {sum(trash.values())} tasks, owner {owner}", file=sys.stderr)
    keys = sum(n for owner in purge.expired_keys() for n in purge.remove_keys(owner))
    return f"Removed {removed} tasks of {len(trash)} owners and {keys} expired keys."


def main() -> None:
    options = arguments()
    runtime = make_runtime(get_settings())
    try:
        with runtime.sessions() as session:
            purge = Purge(OperatorSession(session), datetime.now(UTC) - options.age)
            print(remove(purge) if options.apply else survey(purge))
    except AppError as error:
        raise SystemExit(f"The purge ended: {error}") from None
    finally:
        runtime.dispose()


if __name__ == "__main__":
    main()
