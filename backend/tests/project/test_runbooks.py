"""The runbooks: each is there, their links lead somewhere, and no subject is told twice."""

import re
from pathlib import Path

import pytest

from backend.tests.support.databases import ROOT

pytestmark = [pytest.mark.requirement("FR-68"), pytest.mark.untraced]

RUNBOOKS = {
    "production", "neon", "scaling", "proxies", "backups", "upgrading", "containers", "monitoring"
}  # fmt: skip
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")


def anchors(document: Path) -> set[str]:
    """What a heading is called in a link."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def test_production_leads_to_every_runbook() -> None:
    text = (ROOT / "docs/production.md").read_text()
    assert {file.stem for file in (ROOT / "docs").glob("*.md")} >= RUNBOOKS
    for name in RUNBOOKS - {"production"}:
        assert f"({name}.md" in text, name


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for path, anchor in LINK.findall(document.read_text()):
            target = document.parent / path if path else document
            assert target.exists(), f"{document.name}: {path}"
            if anchor:
                assert anchor in anchors(target), f"{document.name}: {path}#{anchor}"


def test_the_tables_that_citus_distributes_are_those_with_an_owner() -> None:
    told = re.findall(r"create_distributed_table\('(\w+)'", (ROOT / "docs/citus.sql").read_text())
    model = (ROOT / "backend/models/task.py").read_text()
    assert set(told) == set(re.findall(r'__tablename__[^=]*= "(\w+)"', model))
