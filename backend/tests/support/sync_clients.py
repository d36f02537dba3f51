"""The two clients of `examples/`, driven alike, in any weather."""

import importlib.util
import json
import shutil
import subprocess
import tempfile
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from backend.tests.support.databases import ROOT

EXAMPLES = ROOT / "examples"
DRIVER = Path(__file__).with_name("sync_driver.mjs")
TRANSPILE = """
const ts = require(process.argv[1]), fs = require("fs");
const options = {compilerOptions: {target: "es2022", module: "esnext"}};
fs.writeFileSync(process.argv[3], ts.transpileModule(fs.readFileSync(process.argv[2], "utf8"),
    options).outputText);
"""


class Client(Protocol):
    """A copy of one's tasks."""

    def weather(self, kind: str) -> None:
        """`fine`; `away`: nothing arrives; `lost`: what is sent arrives, and no answer returns."""

    def edit(self, operation: dict[str, Any]) -> None: ...

    def sync(self) -> bool:
        """Whether it could."""

    def state(self) -> dict[str, Any]:
        """`tasks`, `queue`, `conflicts`."""

    def live(self, number: int) -> list[Any]:
        """So many changes, as they happen."""


class EnoughError(Exception):
    """Ends a stream."""


class PythonClient:
    """`sync.py` in this process."""

    def __init__(self, url: str) -> None:
        spec = importlib.util.spec_from_file_location("example_sync", EXAMPLES / "sync.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._copy = module.Copy(url)
        self._real = self._copy.request
        self._copy.request = self._request
        self._weather = "fine"

    def _request(self, *asked: Any) -> Any:
        if self._weather == "away":
            raise urllib.error.URLError("away")
        answer = self._real(*asked)
        if self._weather == "lost":
            raise urllib.error.URLError("lost")
        return answer

    def weather(self, kind: str) -> None:
        self._weather = kind

    def edit(self, operation: dict[str, Any]) -> None:
        self._copy.edit(operation)

    def sync(self) -> bool:
        try:
            self._copy.sync()
        except urllib.error.URLError:
            if self._weather == "fine":
                raise
            return False
        return True

    def state(self) -> dict[str, Any]:
        copy = self._copy
        tasks = list(copy.tasks.values())
        return {"tasks": tasks, "queue": copy.queue, "conflicts": copy.conflicts}

    def live(self, number: int) -> list[Any]:
        told: list[Any] = []

        def tell(item: Any) -> None:
            told.append(item)
            if len(told) == number:
                raise EnoughError

        with pytest.raises(EnoughError):
            self._copy.live(tell)
        return told


class TypeScriptClient:
    """`sync.ts` in Node."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def _call(self, name: str, argument: object = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, argument]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def weather(self, kind: str) -> None:
        self._call("weather", kind)

    def edit(self, operation: dict[str, Any]) -> None:
        self._call("edit", operation)

    def sync(self) -> bool:
        done = self._call("sync")
        assert isinstance(done, bool), done
        return done

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._call("state")
        return state

    def live(self, number: int) -> list[Any]:
        told: list[Any] = self._call("live", number)
        return told


@contextmanager
def python_client(url: str) -> Iterator[Client]:
    yield PythonClient(url)


@contextmanager
def typescript_client(url: str) -> Iterator[Client]:
    """Skips the test, with the reason, where nothing here can run it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here to run examples/sync.ts")
    with tempfile.TemporaryDirectory() as folder:
        module = runnable(node, Path(folder))
        command = [node, str(DRIVER), module.as_uri(), url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield TypeScriptClient(process)
            assert process.stdin is not None
            process.stdin.close()


def runnable(node: str, folder: Path) -> Path:
    """The module as this Node takes it: as it is, or without its types."""
    source = EXAMPLES / "sync.ts"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor, _ = map(int, version.strip().removeprefix("v").split("."))
    if (major, minor) >= (22, 18):
        return source
    compiler = EXAMPLES / "node_modules/typescript"
    if not compiler.is_dir():
        pytest.skip(f"Node {major} needs `npm install` in examples/ to run TypeScript")
    target = folder / "sync.mjs"
    subprocess.run([node, "-e", TRANSPILE, compiler, source, target], check=True)
    return target
