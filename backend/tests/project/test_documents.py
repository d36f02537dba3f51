"""The documents of the repository: there, complete, and short of line."""

import re
import tomllib
from pathlib import Path

import pytest

from backend.tests.support.databases import ROOT

REQUIRED = [
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "SECURITY.md"),
    *(".pre-commit-config.yaml", ".env.example"),
]
MAX_LINE = 120
NOT_WRITTEN = {"node_modules", "results"}
"""Folders of what was installed, and of what a benchmark printed."""

DECISIONS = ROOT / "specs/decisions"
ENTRY = re.compile(
    r"^\| (\d{4}) \| \[([^]]+)\]\((\d{4}-[a-z0-9-]+\.md)\) \| ([^|]+) \|$", re.MULTILINE
)


def documents() -> list[Path]:
    """All that is written here; what a tool has made is in a hidden folder, or named above."""
    found = []
    for file in ROOT.rglob("*.md"):
        folders = file.relative_to(ROOT).parts[:-1]
        if not any(folder.startswith(".") or folder in NOT_WRITTEN for folder in folders):
            found.append(file)
    assert ROOT / "README.md" in found
    return found


@pytest.mark.requirement("NFR-24")
@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_file_exists(name: str) -> None:
    assert (ROOT / name).read_text().strip()


@pytest.mark.requirement("NFR-24")
def test_the_project_is_described_in_a_project_table() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"name", "version", "description", "readme", "requires-python"} <= project.keys()


@pytest.mark.requirement("NFR-24")
def test_no_line_of_a_document_is_longer_than_120_characters() -> None:
    long = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in documents()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > MAX_LINE
    ]
    assert long == []


@pytest.mark.requirement("NFR-24")
def test_the_index_of_decisions_is_complete_and_says_what_each_says() -> None:
    entries = ENTRY.findall((DECISIONS / "README.md").read_text())
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [file for _, _, file, _ in entries] == [file.name for file in files]
    for number, title, file, status in entries:
        text = (DECISIONS / file).read_text()
        assert re.search(rf"^# .*{re.escape(title)}$", text, re.MULTILINE), file
        assert file.startswith(number)
        said = re.search(r"^Status: (.+)$", text, re.MULTILINE)
        assert said, file
        assert said[1].split(" (")[0].startswith(status.split(" by ")[0]), file
