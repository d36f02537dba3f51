"""The markers of all tests, read from their source."""

import ast
from typing import Any

from backend.tests.support.databases import ROOT


def marked(marker: str) -> set[Any]:
    """All arguments of `@pytest.mark.<marker>(…)` in the suite."""
    found: set[Any] = set()
    for file in (ROOT / "backend/tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"pytest.mark.{marker}":
                found |= {ast.literal_eval(argument) for argument in node.args}
    return found
