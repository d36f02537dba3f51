"""Every requirement of the specs is carried by at least one test."""

import re

import pytest

from backend.tests.support.databases import ROOT
from backend.tests.support.markers import marked

NUMBER = re.compile(r"^\| (N?FR-\d\d) \|", re.MULTILINE)


def specified(status: str = "") -> set[str]:
    """The numbers of the specs with this status, or of all specs."""
    specs = [spec.read_text() for spec in (ROOT / "specs").glob("*/*.md")]
    chosen = [spec for spec in specs if f"\nStatus: {status}" in spec]
    return {number for spec in chosen for number in NUMBER.findall(spec)}


@pytest.mark.requirement("NFR-06")
def test_every_requirement_is_carried_by_a_test() -> None:
    accepted = specified("accepted")
    assert {"FR-01", "FR-16", "NFR-01", "NFR-07"} <= accepted
    assert accepted - marked("requirement") == set()


def test_no_test_names_a_requirement_that_does_not_exist() -> None:
    assert marked("requirement") - specified() == set()
