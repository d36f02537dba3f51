"""The list of threats and the markers of the tests say the same."""

import re

import pytest

from backend.tests.support.databases import ROOT
from backend.tests.support.markers import marked

THREAT = re.compile(r"^- \*\*(\d+)\*\* \((tested|documented|open)\) ", re.MULTILINE)
LIST = (ROOT / "specs/003-nothing-lost/threats.md").read_text()


def listed(status: str = "") -> set[int]:
    """The numbers of the threats with this status, or of all."""
    return {int(number) for number, one in THREAT.findall(LIST) if status in ("", one)}


@pytest.mark.requirement("NFR-24")
def test_each_threat_has_a_number_of_its_own_and_a_status() -> None:
    assert LIST.count("\n- **") == len(THREAT.findall(LIST)) == len(listed())
    assert listed() == set(range(1, max(listed()) + 1))


@pytest.mark.requirement("NFR-24")
def test_each_tested_threat_is_carried_by_a_test() -> None:
    assert set(range(1, 40)) <= listed("tested")
    assert listed("tested") - marked("threat") == set()


@pytest.mark.requirement("NFR-24")
def test_each_documented_threat_is_named_to_operators() -> None:
    documents = [file.read_text() for file in (ROOT / "docs").glob("*.md")]
    named = {int(number) for text in documents for number in re.findall(r"threat (\d+)", text)}
    assert listed("documented") - named == set()


@pytest.mark.requirement("NFR-24")
def test_no_test_names_a_threat_that_is_not_in_the_list() -> None:
    assert marked("threat") - listed() == set()
