"""The contracts of import-linter in pyproject.toml catch what they are for."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from backend.tests.support.databases import ROOT

pytestmark = pytest.mark.untraced

TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
CONTRACTS = TOOLS["importlinter"]["contracts"]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
PLANTED = {
    "edge/cors.py": "import backend.api.responses",
    "errors.py": "import backend.services.tasks",
    "services/lists.py": "import psycopg2",
    "api/routes/tasks.py": "import sqlalchemy",
    "queries/cursor.py": "import backend.database.engine",
    "alembic/env.py": "import backend.services.tasks",
    "models/task.py": "import starlette.requests",
}
"""What must not be, at the end of which file."""


def lint(folder: Path) -> str:
    """What import-linter says of the project in this folder."""
    command = [sys.executable, "-c", LINT, "--no-cache", "--config", str(folder / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.requirement("NFR-16")
def test_a_planted_import_breaks_the_contract_that_forbids_it(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "backend", tmp_path / "backend", ignore=ignored)
    clean = lint(tmp_path)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in clean, clean
    for file, line in PLANTED.items():
        with (tmp_path / "backend" / file).open("a") as text:
            text.write(f"\n{line}\n")
    broken = lint(tmp_path)
    assert f"Contracts: 0 kept, {len(CONTRACTS)} broken." in broken, broken
    for file, line in PLANTED.items():
        importer = "backend." + file.removesuffix(".py").replace("/", ".")
        imported = re.escape(line.removeprefix("import ").partition(".")[0])
        assert re.search(rf"{re.escape(importer)} -> {imported}", broken), importer


@pytest.mark.requirement("NFR-16")
def test_the_checks_run_it_and_so_does_every_commit() -> None:
    check = (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]
    assert "lint-imports" in check
    [local] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert any("lint-imports" in hook["entry"] for hook in local["hooks"])
