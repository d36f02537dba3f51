"""What the OpenAPI document calls visible is what the service takes for it."""

import re

import pytest
from pydantic import TypeAdapter

from backend.api.schemas.fields import A_WORD, Title
from backend.models.text import BLANK, IGNORABLE, is_visible
from backend.queries.search import patterns

TITLE = re.compile(TypeAdapter(Title).json_schema()["pattern"])
WORD = re.compile(A_WORD)


def _around(characters: str) -> set[str]:
    """The characters of these ranges, in steps, with those just outside."""
    found = set()
    for part in re.findall(r"(?s).-.|.", characters):
        first, last = ord(part[0]), ord(part[-1])
        step = max(1, (last - first) // 50)
        found |= {*range(first, last, step), last, max(first - 1, 1), last + 1}
    return {chr(number) for number in found - {0}}


@pytest.mark.requirement("FR-24", "FR-13", "FR-61")
def test_the_patterns_of_the_document_refuse_the_invisible_and_nothing_visible() -> None:
    """Beyond the basic plane they refuse nothing: most tools would not compile them."""
    tried = _around(BLANK) | _around(IGNORABLE) | {"a", "ß", "\U0001f600", "\U0010ffff"}
    assert len(tried) > 300
    near = {one for one in tried if ord(one) < 0x10000}
    assert {one for one in near if bool(TITLE.search(one)) != is_visible(one)} == set()
    assert {one for one in near if bool(WORD.search(one)) != bool(patterns(one))} == set()
    assert all(TITLE.search(one) and WORD.search(one) for one in tried - near)
    assert TITLE.pattern.isascii()
    assert WORD.pattern.isascii()
