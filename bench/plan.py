"""How long to measure: `make bench` and `make bench-quick`."""

from dataclasses import dataclass

CLIENTS = 32


@dataclass(frozen=True)
class Plan:
    """Rounds over all services; seconds of load; requests and delays (ms) of a probe."""

    rounds: int
    seconds: int
    warm_up: int
    probes: int
    delays: tuple[int, ...]


FULL = Plan(rounds=5, seconds=5, warm_up=3, probes=31, delays=(0, 1, 5, 20))
QUICK = Plan(rounds=2, seconds=1, warm_up=1, probes=5, delays=(0, 5))
