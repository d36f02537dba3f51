"""Combining marks in any order and number: normalised as Unicode says, in linear time."""

import random
import re
import unicodedata

import pytest

from backend.api.schemas.tasks import TaskContent
from backend.models import text
from backend.models.task import DESCRIPTION_LENGTH

ABOVE, BELOW = "\u0300", "\u0316"
STARTERS = "aeiouAEéüÅ ﬁ가각ỗ\u0f40\u00b4\u0f77"
MARKS = [mark for mark in map(chr, range(0x300, 0x1000)) if unicodedata.combining(mark)]
ZALGO = f"Straße{(ABOVE + BELOW) * 3000}"
LONG_RUNS = re.compile(f"[{''.join(MARKS)}]{{101,}}")


@pytest.mark.threat(48)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_marks_in_any_order_become_what_unicode_says(form: text.Form) -> None:
    chance = random.Random(20261130)  # noqa: S311  (no secret)
    for length in (5, 100, 101, 150, 400) * 40:
        sent = "".join(chance.choice([*MARKS, *STARTERS]) for _ in range(length))
        sent += "".join(chance.choices(MARKS, k=length))
        assert text._in_form(form, sent) == unicodedata.normalize(form, sent)


@pytest.mark.threat(48)
@pytest.mark.parametrize(
    "sent",
    [ZALGO, "\u0f73\u0f81" * 300, f"{ABOVE}\u034f{BELOW}\u034f" * 300, f"é{BELOW}{ABOVE}" * 300],
    ids=["zalgo", "made of marks", "with joiners", "short runs"],
)
def test_no_long_run_out_of_order_is_left_to_a_sort_that_takes_its_square(
    sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []
    monkeypatch.setattr(text, "unicodedata", _Watched(handed))
    text.normalised(sent)
    text.folded(sent)
    for run in LONG_RUNS.findall("\n".join(handed)):
        assert run == "".join(sorted(run, key=unicodedata.combining))


class _Watched:
    """`unicodedata`, and all that was handed to it to be normalised."""

    def __init__(self, handed: list[str]) -> None:
        self._handed = handed

    def __getattr__(self, name: str) -> object:
        return getattr(unicodedata, name)

    def normalize(self, form: text.Form, sent: str) -> str:
        self._handed.append(sent)
        return unicodedata.normalize(form, sent)


@pytest.mark.threat(48)
def test_a_text_may_be_four_times_as_long_before_it_is_composed() -> None:
    longest = "\u1f82" * DESCRIPTION_LENGTH
    sent = unicodedata.normalize("NFD", longest)
    assert len(sent) == 4 * DESCRIPTION_LENGTH
    assert TaskContent.model_validate({"title": "x", "description": sent}).description == longest
