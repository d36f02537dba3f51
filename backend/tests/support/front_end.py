"""The examples for front ends, compiled, and served from an origin of their own."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend.tests.support.databases import ROOT

EXAMPLES = ROOT / "examples"


def node() -> str:
    """The program; skips the test where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("needs Node (Debian: apt-get install nodejs)")
    return found


def compiled(folder: Path) -> Path:
    """The page and the modules as a browser takes them; skips the test without a compiler."""
    compiler = EXAMPLES / "node_modules/typescript/bin/tsc"
    if not compiler.exists():
        pytest.skip("needs `npm install` in examples/ to compile TypeScript")
    build = folder / "build"
    command: list[str | Path] = [node(), compiler, "-p", EXAMPLES, "--outDir", build]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for name in ("index.html", "style.css"):
        shutil.copy(EXAMPLES / "web" / name, folder)
    (build / "package.json").write_text('{"type": "module"}')
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing of it belongs in the tests' output."""


@contextmanager
def static(folder: Path) -> Iterator[str]:
    """The address of a folder, on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
