"""Text in whatever form it comes: kept in one, searched in any, and never quite invisible."""

import unicodedata
from typing import Literal
from urllib.parse import quote

import pytest

from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import Surface

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
INVISIBLE = {
    "soft hyphen": "\u00ad",
    "zero width space": "\u200b\u200b",
    "joiners": "\u200c\u200d\u2060",
    "direction marks": "\u200e\u202a\u2066",
    "a byte order mark": "\ufeff",
    "variation selectors": "\ufe0f\U000e0100",
    "Hangul fillers": "\u3164\u115f\uffa0",
    "Mongolian vowel separator": "\u180e",
    "a blank braille cell": "\u2800",
    "a null notehead": "\U0001d159",
    "tags": "\U000e0041\U000e007f",
    "controls": "\u0001\u0085\u009f",
    "spaces among them": " \u00a0\u3000\u200b\u2003 ",
    "a grapheme joiner": "\u034f",
}
SAME = {  # a title, and words that are written otherwise but mean the same
    "full width": ("Ｂｕｙ　ｍｉｌｋ", ["buy milk", "BUY", "ｍｉｌｋ"]),
    "half width": ("ﾃｽﾄ", ["テスト"]),
    "ligatures": ("ﬁle ﬀ ﬆ", ["FILE", "ff", "st"]),
    "zero width": ("soft\u00adly zero\u200bwidth", ["softly", "ZEROWIDTH", "soft\u200bly"]),
    "Turkish": ("KADIKÖY İZMİR", ["Kadıköy", "kadiköy", "İzmir", "izmir", "ızmır"]),
    "Turkish in lower case": ("kadıköy izmir", ["KADIKÖY", "İZMİR", "IZMIR"]),
    "a dot below before the one above": ("i\u0323\u0307", ["\u1ecb", "\u1eca"]),
    "iota subscript": ("ᾳ \u03b1\u0345\u0301", ["ΑΙ", "ᾴ", "\u0391\u0399"]),
    "what grows when it is folded": ("ŉ ǰ ΐ ẞ", ["ʼN", "J\u030c", "Ϊ\u0301", "SS"]),
    "Cherokee": ("Ꮳꮳ", ["ꮳᏣ"]),
    "Deseret": ("𐐀", ["𐐨"]),
    "circled and squared": ("① ㎞", ["1", "KM"]),
}


@pytest.mark.threat(48)
@pytest.mark.requirement("FR-24", "FR-16", "FR-09")
def test_text_is_kept_in_nfc_and_tags_are_equal_in_any_form(
    client: RecordingClient, surface: Surface
) -> None:
    text = "\u1112\u1161\u11ab spa\u0308ter e\u0301"
    sent = {"title": text, "description": text, "tags": ["spa\u0308ter", "später", "x"]}
    task = client.request(**vars(surface.create(1, **sent))).json()
    kept = unicodedata.normalize("NFC", text)
    assert (task["title"], task["description"]) == (kept, kept)
    assert task["tags"] == ["später", "x"]
    for form in FORMS:
        tag = unicodedata.normalize(form, "später")
        listed = client.get(surface.tasks(1, f"tag={quote(tag)}")).json()
        assert [one["id"] for one in listed] == [task["id"]]


@pytest.mark.threat(48, 72, 76)
@pytest.mark.requirement("FR-24", "FR-16")
@pytest.mark.parametrize("kind", SAME)
def test_a_word_is_found_in_any_spelling(client: RecordingClient, kind: str) -> None:
    title, spellings = SAME[kind]
    client.post("/api/1/tasks", json={"title": title})
    client.post("/api/1/tasks", json={"title": "other", "description": title})
    client.post("/api/1/tasks", json={"title": "neither"})
    for words in spellings:
        found = client.get("/api/1/tasks", params={"q": words}).json()
        assert len(found) == 2, ascii(words)


@pytest.mark.threat(49)
@pytest.mark.requirement("FR-24", "FR-09", "FR-12")
@pytest.mark.parametrize("kind", INVISIBLE)
def test_a_title_or_tag_that_nobody_can_see_is_refused(
    client: RecordingClient, surface: Surface, kind: str
) -> None:
    blank = INVISIBLE[kind]
    task = client.request(**vars(surface.create(1, title="x"))).json()
    client.recorder.clear()
    url = surface.task(1, task["id"])
    for refused, place in (({"title": blank}, "body.title"), ({"tags": [blank]}, "body.tags.0")):
        for request in (
            vars(surface.create(1, **{"title": "x"} | refused)),
            {"method": "PUT", "url": url, "json": {"title": "x"} | refused},
            {"method": "PATCH", "url": url, "json": refused},
        ):
            problem = require_problem(client.request(**request), 400, "validation_error")
            assert [error["loc"] for error in problem["errors"]] == [place]
    assert client.recorder.statements == []
    seen = client.patch(url, json={"title": f"{blank}x{blank}", "tags": [f"{blank}y"]})
    assert seen.is_success


@pytest.mark.threat(48)
@pytest.mark.requirement("FR-24", "FR-19")
@pytest.mark.parametrize("words", ["\u200b", "\u00ad \ufeff", "%E2%80%8B+%20"], ids=ascii)
def test_a_search_of_nothing_visible_does_not_mean_everything(
    client: RecordingClient, surface: Surface, words: str
) -> None:
    client.request(**vars(surface.create(1, title="kept")))
    answer = client.delete(surface.tasks(1, f"q={words}"))
    problem = require_problem(answer, 400, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == ["query.q"]
    assert len(client.get(surface.tasks(1)).json()) == 1


@pytest.mark.threat(47)
@pytest.mark.requirement("FR-24", "FR-16", "FR-19")
@pytest.mark.parametrize("tag", ["c++", "c ", " c", "c%20%20", "%20c", "c%C2%A0", "c%09"])
def test_nothing_is_trimmed_in_a_filter(
    client: RecordingClient, surface: Surface, tag: str
) -> None:
    client.request(**vars(surface.create(1, title="kept", tags=["c", "c++"])))
    assert client.get(surface.tasks(1, f"tag={tag}")).json() == []
    assert client.delete(surface.tasks(1, f"tag={tag}")).status_code == 204
    assert len(client.get(surface.tasks(1)).json()) == 1
    assert len(client.get(surface.tasks(1, "tag=c%2B%2B")).json()) == 1


@pytest.mark.threat(47)
@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("updated_since=2026-01-01T00:00:00+02:00", "%2B"),
        ("updated_since=2026-01-01T24:00:00Z", "23:59:59"),
        ("updated_since=2026-01-01T00:00:00%2B24:00", "below 24:00"),
        ("updated_since=2026-01-01", "2026-11-21T07:45:00Z"),
        ("due_from=2026-01-01T00:00:00Z", "2026-11-21"),
        ("time_zone=Etc/GMT+2", "%2B"),
        ("time_zone=%2B02:00", "Europe/Berlin"),
        ("priority=HIGH", "'high'"),
        ("sort=title,-Due", "updated_at"),
    ],
)
def test_a_refused_parameter_says_what_would_be_right(
    client: RecordingClient, surface: Surface, query: str, said: str
) -> None:
    problem = require_problem(client.get(surface.tasks(1, query)), 400, "validation_error")
    [error] = problem["errors"]
    assert error["loc"].split(".")[1] == query.partition("=")[0]
    assert said in error["message"]
