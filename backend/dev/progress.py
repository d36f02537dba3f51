"""`progress.py NUMBER COMMAND…`: run pip, and say in one line how far it is, of so many packages.

A script of the standard library alone: it runs before anything is installed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable

_COLLECTING = re.compile(r"Collecting ([A-Za-z0-9_.-]+)")
STEP = 10
"""Packages after which there is a line where it is no terminal that reads."""


def follow(lines: Iterable[str], packages: int, *, is_terminal: bool) -> int:
    """Tell of what pip prints; the number of packages that it fetched."""
    number, began = 0, time.monotonic()
    for line in lines:
        if match := _COLLECTING.match(line):
            number += 1
            told = (
                f"  {number} of {packages} packages, {time.monotonic() - began:.0f} s: {match[1]}"
            )
            if is_terminal:
                print(f"\r\x1b[K{told}", end="", flush=True)
            elif number % STEP == 0:
                print(told, flush=True)
        elif line.startswith("Installing collected packages"):
            told = f"  {number} packages are here after {time.monotonic() - began:.0f} s; unpacking"
            print(f"\r\x1b[K{told}" if is_terminal else told, flush=True)
    return number


def main() -> int:
    packages, command = int(sys.argv[1]), sys.argv[2:]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        number = follow(process.stdout or (), packages, is_terminal=os.isatty(1))
    if process.returncode == 0 and number:
        print(f"  Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return process.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
