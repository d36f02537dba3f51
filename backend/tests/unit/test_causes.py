"""How errors are raised from others, wherever that is in the code."""

import ast
from collections.abc import Iterator

import pytest

from backend.tests.support.databases import ROOT

SOURCES = sorted(file for file in (ROOT / "backend").rglob("*.py") if "tests" not in file.parts)


def raises(tree: ast.AST) -> Iterator[ast.Raise]:
    """Every `raise … from …` that names a cause."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.cause is not None:
            yield node


@pytest.mark.requirement("NFR-27", "NFR-22")
@pytest.mark.threat(42)
@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_error_is_raised_from_itself(file: object) -> None:
    """A cause is a caught error as it is, or none; what is raised from it is made on the spot."""
    for node in raises(ast.parse(file.read_text())):  # type: ignore[attr-defined]
        assert isinstance(node.cause, ast.Name | ast.Constant), ast.unparse(node)
        assert node.exc is not None
        names = {one.id for one in ast.walk(node.exc) if isinstance(one, ast.Name)}
        cause = node.cause.id if isinstance(node.cause, ast.Name) else None
        is_made = isinstance(node.exc, ast.Call) or (
            isinstance(node.exc, ast.Name) and node.exc.id[0].isupper()
        )
        assert is_made, f"{file}: {ast.unparse(node)}"
        assert cause is None or cause not in names or isinstance(node.exc, ast.Call)
