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

ENDLESS = "--exclude-path-regex=/events$"  # a stream of events: it would be read until the timeout
REQUESTS = ("--phases=examples,coverage,fuzzing", "--max-examples=40", ENDLESS)  # each operation
SEQUENCES = ("--phases=stateful", "--max-examples=300", ENDLESS)
FEWEST: dict[tuple[str, ...], int] = {REQUESTS: 2500, SEQUENCES: 1500}
"""Cases of each kind. Hypothesis ends a run of sequences early where a server that remembers gives
a replay another answer; then another run follows."""
MAX_RUNS = 8


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
        found = {options: _enough(server, seed, options) for options in FEWEST}
    cases = sum(one.cases for one in found.values())
    failures = sum(one.failures for one in found.values())
    print(f"{cases} cases, {failures} failures; again: make fuzz SEED={seed}")
    is_short = any(one.cases < FEWEST[options] for options, one in found.items())
    if is_short or failures or any(one.status for one in found.values()):
        raise SystemExit(f"There must be no failure, and {sum(FEWEST.values())} cases at least.")


def _enough(server: Server, seed: int, options: tuple[str, ...]) -> Outcome:
    """Runs of one kind, with one seed after the other, until there are enough cases or failures."""
    status = cases = failures = 0
    for number in range(MAX_RUNS):
        if not status and not failures and cases < FEWEST[options]:
            one = fuzz(server, seed + number, *options)
            status, cases, failures = one.status, cases + one.cases, one.failures
    return Outcome(status, cases, failures)


if __name__ == "__main__":
    main()
