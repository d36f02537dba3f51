"""The source of the project, read and not imported."""

import ast
from pathlib import Path

from backend.tests.support.databases import ROOT

BACKEND = ROOT / "backend"
TESTS = sorted((BACKEND / "tests").rglob("*.py"))
SERVICE = sorted(set(BACKEND.rglob("*.py")) - set(TESTS))
"""All that is not the suite."""


def imported(file: Path) -> set[str]:
    """Every module, and every name of a module, that a file imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found
