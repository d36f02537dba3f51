"""Load by wrk: its one thread takes less CPU than a generator in Python would."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.database import OWNERS, TASKS

SCRIPT = Path(__file__).with_name("requests.lua")
_RESULT = re.compile(r"^RESULT (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Load:
    """What wrk measured; percentiles in milliseconds."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p95: float
    p99: float

    @property
    def rate(self) -> float:
        """Successful requests a second."""
        return (self.requests - self.failed) / self.seconds


def load(port: int, operation: str, clients: int, seconds: int, rate: int = 0) -> Load:
    """One operation on `clients` connections, as fast as they are answered, or at a rate."""
    values = (operation, OWNERS, TASKS, clients, rate)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "20s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}", "--", *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = _RESULT.search(done.stdout)
    if result is None:
        raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
    return Load(**json.loads(result[1]))
