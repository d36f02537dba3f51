"""`make fuzz`: schemathesis against the real server, on a database of its own."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from backend.dev.postgres.cluster import temporary_cluster
from backend.tests.support.databases import ROOT, create_template, url_of
from backend.tests.support.server import Server, running

RUNS = (
    ("--phases=examples,coverage,fuzzing", "--max-examples=40"),  # of each operation
    ("--phases=stateful", "--max-examples=500"),  # sequences of operations
)
FEWEST = 4000


class Outcome(NamedTuple):
    """What a run of schemathesis came to; status 0 is no failure and no error."""

    status: int
    cases: int
    failures: int


def fuzz(server: Server, seed: int, *options: str) -> Outcome:
    """Run schemathesis as schemathesis.toml says; it prints what it finds."""
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(ROOT / "schemathesis.toml")]
    command += ["run", f"{server.client.base_url}/openapi.json", f"--seed={seed}", "--no-color"]
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        run = subprocess.run(
            [*command, f"--report-json-path={report}", *options],
            cwd=folder,
            env=_environment(),
            check=False,
        )
        counts = json.loads(report.read_text())["test_cases"]
    return Outcome(run.returncode, counts["generated"], counts["with_failures"])


def _environment() -> dict[str, str]:
    """For its hooks to be found; without coverage, which would trace a stranger's code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def main() -> None:
    seed = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    with (
        temporary_cluster() as cluster,
        running(url_of(cluster, create_template(cluster))) as server,
    ):
        outcomes = [fuzz(server, seed, *options) for options in RUNS]
    cases, failures = (sum(counts) for counts in zip(*(one[1:] for one in outcomes), strict=True))
    print(f"{cases} cases, {failures} failures; again: make fuzz SEED={seed}")
    if any(one.status for one in outcomes) or failures or cases < FEWEST:
        raise SystemExit(f"There must be no failure, and {FEWEST} cases at least.")


if __name__ == "__main__":
    main()
