"""The files of examples/ come in as the page beside them says, and no second time."""

import re

import pytest

from backend.services.transfer.formats import FORMATS
from backend.tests.support.api import Api
from backend.tests.support.databases import ROOT

FOLDER = ROOT / "examples/files"
LINE = re.compile(r'import\?format=(\w+)(?:&[^"]*)?" --data-binary @(\S+) -H "\$FILE"')
LINES = dict.fromkeys(LINE.findall((FOLDER / "README.md").read_text()))


@pytest.mark.requirement("FR-51", "FR-52")
def test_each_example_can_be_imported_once(api: Api) -> None:
    assert {name for name, _ in LINES} == FORMATS.keys()
    for owner, (name, file) in enumerate(LINES, start=1):
        body = (FOLDER / file).read_bytes()
        reports = [api.of(owner).bring(name, body) for _ in range(2)]
        assert [report.status_code for report in reports] == [200, 200]
        assert reports[0].json()["made"] == reports[1].json()["skipped"]["same"] > 0
    assert {path.name for path in FOLDER.iterdir()} == {"README.md", *(one for _, one in LINES)}
