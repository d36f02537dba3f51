"""Rules that are a plain interval, such as "each two weeks": all that some programs can say."""

import re

from backend.models.occurrences import canonical

_FREQUENCIES = {"d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_UNITS = {frequency: unit for unit, frequency in _FREQUENCIES.items()}
_PLAIN = re.compile(r"FREQ=([A-Z]+)(?:;INTERVAL=([0-9]+))?")


def rule_of(number: int, unit: str) -> str:
    """`2` and `w` as a rule. Raises ValueError for more than a task can have."""
    return canonical(f"FREQ={_FREQUENCIES[unit]};INTERVAL={number}")


def interval_of(rule: str) -> str | None:
    """`2w`; None for a rule that says more than that."""
    match = _PLAIN.fullmatch(rule)
    return f"{match[2] or 1}{_UNITS[match[1]]}" if match else None
