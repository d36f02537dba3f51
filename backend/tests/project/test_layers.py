"""The house keeps its order beyond what import-linter sees: no hand-written SQL, short files."""

import ast
import statistics
from pathlib import Path

import pytest

from backend.tests.support.source import BACKEND, SERVICE, TESTS

MAX_LINES = 250
MAX_FUNCTION = 40
MAX_MEDIAN_FUNCTION = 10


@pytest.mark.requirement("NFR-01", "FR-11")
def test_no_sql_is_written_by_hand_in_services_and_nothing_creates_tables() -> None:
    for file in SERVICE:
        text = file.read_text()
        assert "create_all" not in text
        if file.is_relative_to(BACKEND / "services"):
            assert "exec_driver_sql" not in text


@pytest.mark.requirement("FR-10")
def test_only_operators_commands_look_across_owners() -> None:
    users = {file.name for file in SERVICE if "ACROSS_OWNERS" in file.read_text()}
    operators = {"purge.py", "refill.py", "restored.py"}
    assert users == {"guard.py", "ownership.py", "positions.py", *operators}
    assert "ACROSS_OWNERS" not in (BACKEND / "commands/purge.py").read_text()


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


@pytest.mark.requirement("NFR-06", "NFR-25")
def test_no_file_is_longer_than_250_lines() -> None:
    """Neither of the service nor of its tests."""
    long = {str(file.relative_to(BACKEND)): lines(file) for file in SERVICE + TESTS}
    assert {file: length for file, length in long.items() if length > MAX_LINES} == {}


@pytest.mark.requirement("NFR-25")
def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or 0) - node.body[0].lineno + 1
        for file in SERVICE
        if "versions" not in file.parts  # a migration is a list of columns
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= MAX_MEDIAN_FUNCTION
    assert max(lengths) <= MAX_FUNCTION


def test_a_handler_has_one_to_five_statements() -> None:
    for file in (BACKEND / "api/routes").glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                statements = [
                    part
                    for part in node.body
                    if not isinstance(part, ast.Expr) or not isinstance(part.value, ast.Constant)
                ]
                assert 1 <= len(statements) <= 5, node.name
