"""One typed object holds what a process holds; to import the application does nothing."""

import ast
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from backend.app import create_app
from backend.runtime import Runtime
from backend.tests.support.databases import NOWHERE, ROOT, settings_for

pytestmark = pytest.mark.slow

IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
import gc, logging, threading
import backend.app
from backend.config import get_settings
from backend.queries.statement import Statement
from sqlalchemy import Engine
assert get_settings.cache_info().currsize == 0, "the settings were read"
assert not [one for one in gc.get_objects() if type(one) is Engine], "an engine was made"
assert threading.active_count() == 1, "a thread was started"
assert not logging.getLogger().handlers, "logging was configured"
statements = [one for one in gc.get_objects() if type(one) is Statement]
assert len(statements) > 30
assert not [one for one in statements if "executable" in vars(one)], "a statement was built"
"""


@pytest.mark.requirement("NFR-19", "NFR-62")
def test_importing_the_application_has_no_effect() -> None:
    """In an empty environment, where no .env lies."""
    command = [sys.executable, "-c", IMPORT, str(ROOT)]
    result = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.requirement("NFR-19")
def test_the_runtime_is_frozen_and_is_all_that_the_application_holds() -> None:
    app = create_app(settings_for(NOWHERE))
    runtime = app.state.runtime
    assert isinstance(runtime, Runtime)
    assert vars(app.state) == {"_state": {"runtime": runtime}}
    names = {field.name for field in fields(Runtime)}
    assert names >= {"settings", "engine", "sessions", "gates", "connecting", "readiness"}
    changed: Any = runtime
    with pytest.raises(FrozenInstanceError):
        changed.engine = None


@pytest.mark.requirement("NFR-19")
@pytest.mark.parametrize("room", ["edge", "api", "services", "queries", "database"])
def test_only_the_entrances_read_the_settings(room: str) -> None:
    for file in (ROOT / "backend" / room).rglob("*.py"):
        names = {n.id for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Name)}
        assert not names & {"get_settings", "load_settings"}, file
