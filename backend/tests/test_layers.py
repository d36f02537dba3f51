"""The house keeps its order: who may import whom, how long a file and a function may be."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.tests.support.databases import ROOT

BACKEND = ROOT / "backend"
FILES = sorted(p for p in BACKEND.rglob("*.py") if p.parts[len(ROOT.parts) + 1] != "tests")


def imported(file: Path) -> Iterator[str]:
    """Every module and name that a file imports, dotted."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.requirement("FR-11")
def test_routes_never_see_the_database_and_services_never_see_http() -> None:
    for file in FILES:
        names = set(imported(file))
        room = file.relative_to(BACKEND).as_posix()
        if room.startswith("api/routes"):
            assert not {name for name in names if name.startswith(("sqlalchemy", "sqlmodel"))}
        if room.startswith(("services", "models")) or room == "errors.py":
            assert not {name for name in names if name.startswith(("fastapi", "starlette"))}


@pytest.mark.requirement("NFR-01")
def test_no_sql_is_written_by_hand_in_services_and_nothing_creates_tables() -> None:
    for file in FILES:
        text = file.read_text()
        assert "create_all" not in text
        if file.is_relative_to(BACKEND / "services"):
            names = {name.rpartition(".")[2] for name in imported(file)}
            assert "text" not in names
            assert "exec_driver_sql" not in text


@pytest.mark.requirement("FR-10")
def test_only_operators_commands_look_across_owners() -> None:
    users = {file.name for file in FILES if "ACROSS_OWNERS" in file.read_text()}
    assert users == {"guard.py", "ownership.py", "purge.py", "refill.py"}
    for command in (BACKEND / "commands").glob("*.py"):
        assert "ACROSS_OWNERS" not in command.read_text()


@pytest.mark.requirement("NFR-06")
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BACKEND)))
def test_no_file_is_longer_than_250_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 250


def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or 0) - node.body[0].lineno + 1
        for file in FILES
        if "versions" not in file.parts  # a migration is a list of columns
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= 10
    assert max(lengths) <= 40


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
