"""`make audit`: the known vulnerabilities of all locked packages, or one line on why not.

Runs in the environment of the tools, on the standard library and pip-audit alone.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements-dev.lock", "bench/requirements.lock", "requirements-tools.lock")
"""The first holds what requirements.lock does, and more."""
# Strict: else a package that the service does not know counts as one without vulnerabilities.
AUDIT = ("-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip", "--format", "json")
_PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==", re.MULTILINE)


def pinned(lock: str) -> set[str]:
    """The names in a lock that every platform installs."""
    lines = [line for line in lock.splitlines() if " ; " not in line]
    return set(_PIN.findall("\n".join(lines)))


def verdict(output: str, errors: str, expected: set[str]) -> tuple[int, str]:
    """The exit status and what to say: 0 only if every expected package was looked up."""
    try:
        answers: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, LookupError):
        reason = (errors.strip().splitlines() or ["no reason given"])[-1]
        return 2, f"Nothing was audited, for the vulnerability service gave no answer: {reason}"
    audited = {answer["name"] for answer in answers if "vulns" in answer}
    if missing := expected - audited:
        return 2, f"The audit is not complete, without: {', '.join(sorted(missing))}"
    found = [
        f"{answer['name']} {answer['version']}: {one['id']}, mended in {one['fix_versions']}"
        for answer in answers
        for one in answer.get("vulns", ())
    ]
    return bool(found), "\n".join(found) or f"{len(audited)} packages, no known vulnerability"


def main() -> None:
    worst = 0
    for lock in LOCKS:
        file = ROOT / lock
        command = [sys.executable, *AUDIT, "--requirement", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        status, line = verdict(done.stdout, done.stderr, pinned(file.read_text()))
        print(f"{lock}: {line}")
        worst = max(worst, status)
        if status == 2:
            break
    raise SystemExit(worst)


if __name__ == "__main__":
    main()
