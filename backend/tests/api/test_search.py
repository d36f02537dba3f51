"""Search: every word, anywhere, literally, whatever its case, on every PostgreSQL alike."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from alembic import command
from sqlalchemy.engine import URL

from backend.app import create_app
from backend.dev.postgres.cluster import Cluster
from backend.tests.support.contents import create
from backend.tests.support.databases import administer, alembic_config, settings_for, url_of
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface

FOUND = {  # title: words that find it
    "Größe prüfen": ["größe", "GRÖ", "GRÖSSE", "prüfen größe", "ÜF Öß", "gröss"],
    "Straße": ["STRASSE", "strasse", "STRAẞE", "straße"],
    "İstanbul": ["İSTANBUL", "i\u0307stanbul", "STANBUL"],
    "ISPARTA": ["isparta", "Isparta"],
    "Οδός ΛΟΓΟΣ": ["ΟΔΌΣ", "λογος", "λογοσ", "ΛΟΓΟσ οδός"],
    "ﬁnd ﬂour": ["FIND", "flour", "ﬁ", "fl"],
    "Cafe\u0301": ["CAFÉ", "café", "cafe\u0301"],
    "Café": ["CAFE\u0301", "é", "e\u0301"],
    "한국어": ["\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165"],
    "ПРИВЕТ, Мир": ["привет,", "мИР привет"],
    "273 K, 1 Å": ["273 k", "\u212b", "å"],  # Kelvin's sign, Ångström's
    "ǅ ᏣᎳᎩ": ["ǆ", "ꮳꮃꭹ"],
    "👩‍👩‍👧‍👦 day": ["👩‍👩", "DAY 👦"],
    "Buy oat milk": ["milk buy", "Y OA", "buy buy", "  milk\t\n", "uy il", "\u00a0BUY\u3000"],
    "100% done_x C:\\temp\\": ["100%", "%", "_", "done_", "\\", "C:\\T", "temp\\", "\\temp\\ %"],
    """it's "so" {a,b} NULL""": ["it's", "'", '"so"', '"', "{a,b}", "{", "null", "a,b"],
    "%s %(owner)s :q ${x} $1 ? ;--": ["%s", "%(owner)s", ":q", "$1", "?", ";--", "${X}"],
}
NOT_FOUND = {  # title: words that do not
    "Größe": ["GROSSE", "große", "groß", "Größen"],
    "Cafe": ["café", "e\u0301"],
    "Café": ["cafe"],
    "Buy oat milk": ["milk bread", "buyoat", "milkx", "%", "_", "buy%milk", "b_y", "\\", ".*"],
    "100 done": ["1%0", "1_0", "\\1", "100\\", "\\%", "%%", "'", "NULL"],
    "a\\b": ["a\\\\b", "ab", "\\%"],
}


def queries(table: dict[str, list[str]]) -> list[str]:
    return [words for each in table.values() for words in each[:3]]


def search(client: RecordingClient, surface: Surface, words: str, more: str = "") -> list[str]:
    """The titles that a search answers."""
    response = client.get(surface.tasks(1, f"q={quote(words, safe='')}{more}"))
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json()]


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(13)
@pytest.mark.parametrize("title", FOUND, ids=ascii)
def test_words_are_found_literally_in_any_case_and_order(
    client: RecordingClient, title: str
) -> None:
    create(client, PRIMARY, title=title)
    create(client, FLAT, title="other", description=title)
    create(client, PRIMARY, title="neither", description="-")
    expected = [unicodedata.normalize("NFC", title), "other"]
    for number, words in enumerate(FOUND[title]):
        assert search(client, (PRIMARY, FLAT)[number % 2], words) == expected, ascii(words)


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("title", NOT_FOUND, ids=ascii)
def test_what_is_not_there_is_not_found(client: RecordingClient, title: str) -> None:
    create(client, PRIMARY, title=title, description=title)
    for words in NOT_FOUND[title]:
        assert search(client, PRIMARY, words) == [], ascii(words)


@pytest.mark.requirement("FR-16")
def test_words_may_be_in_title_and_description_but_none_in_both(
    client: RecordingClient, surface: Surface
) -> None:
    create(client, surface, title="over", description="night train")
    create(client, surface, title="night")
    for words in ("train over", "night over", "over night"):
        assert search(client, surface, words) == ["over"]
    for words in ("overnight", "rnigh", "over\nnightx"):
        assert search(client, surface, words) == []


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("words", ["", " ", "\t\r\n\u00a0\u3000"], ids=ascii)
def test_no_word_is_no_filter(client: RecordingClient, surface: Surface, words: str) -> None:
    create(client, surface, title="a")
    create(client, surface, title="b", completed=True)
    assert search(client, surface, words) == ["a", "b"]
    assert search(client, surface, words, "&completed=true") == ["b"]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("character", ["ß", "😀", "\\"])
def test_two_hundred_characters_are_searched_for(
    client: RecordingClient, surface: Surface, character: str
) -> None:
    create(client, surface, title=character * 200)
    create(client, surface, title=character * 199)
    assert search(client, surface, character * 200) == [character * 200]
    assert search(client, surface, f"{character} " * 100) == [character * 200, character * 199]


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.threat(13)
@pytest.mark.parametrize(
    "words",
    ["x" * 201, MARK * 40, MARK * 900, "%" * 201, " " * 201, "\0", f"{MARK}\0", f"\0{MARK}"],
    ids=lambda words: f"{words[:9]!a} {len(words)}",
)
def test_too_many_characters_and_nul_are_refused(
    client: RecordingClient, surface: Surface, words: str
) -> None:
    response = client.get(surface.tasks(1, f"q={quote(words)}"))
    assert client.recorder.statements == []
    problem = require_problem(response, 400, "validation_error", "x" * 50)
    assert [error["loc"] for error in problem["errors"]] == ["query.q"]


@pytest.mark.requirement("FR-16")
def test_the_search_follows_every_change(client: RecordingClient, surface: Surface) -> None:
    task = create(client, surface, title="Äpfel", description="GRÜN")
    url = surface.task(1, task["id"])

    def finds(*words: str) -> list[bool]:
        return [search(client, surface, word) != [] for word in words]

    assert finds("äpfel", "grün", "birnen") == [True, True, False]
    client.patch(url, json={"title": "BIRNEN"})
    assert finds("äpfel", "grün", "birnen") == [False, True, True]
    client.patch(url, json={"description": "Süß"})
    assert finds("grün", "süss", "birnen") == [False, True, True]
    client.patch(url, json={"priority": "high"})
    client.patch(surface.task(1, task["id"], "/complete"))
    assert finds("süss", "birnen") == [True, True]
    client.patch(url, json={"description": None})
    assert finds("süss", "birnen") == [False, True]
    client.put(url, json={"title": "Kirschen", "description": "Rot"})
    assert finds("birnen", "kirschen", "ROT") == [False, True, True]
    client.put(url, json={"title": "Kirschen"})
    assert finds("rot", "KIRSCHEN") == [False, True]
    client.delete(url)
    assert finds("kirschen") == [False]
    assert search(client, surface, "kirschen", "&deleted=true") == ["Kirschen"]
    client.post(surface.task(1, task["id"], "/restore"))
    assert finds("kirschen") == [True]


@pytest.mark.requirement("FR-16", "FR-19")
def test_a_bulk_trash_takes_what_the_search_finds(
    client: RecordingClient, surface: Surface
) -> None:
    for title in ("100% Größe", "100 Größe", "100% Grosse"):
        create(client, surface, title=title)
    response = client.delete(surface.tasks(1, f"q={quote('% GRÖSSE')}"))
    assert response.status_code == 204
    assert search(client, surface, "") == ["100 Größe", "100% Grosse"]
    assert search(client, surface, "", "&deleted=true") == ["100% Größe"]


@pytest.mark.requirement("FR-16")
def test_a_search_does_not_reach_another_owner(client: RecordingClient, surface: Surface) -> None:
    client.request(**vars(surface.create(2, title="theirs", description="secret")))
    assert search(client, surface, "secret") == search(client, surface, "%") == []


@contextmanager
def served(url: URL) -> Iterator[RecordingClient]:
    """The service on a database, which holds every title."""
    app = create_app(settings_for(url))
    with RecordingClient(app) as client:
        client.recorder = Recorder(app.state.runtime.engine)
        for title in dict.fromkeys([*FOUND, *NOT_FOUND]):
            create(client, PRIMARY, title=title)
        yield client


@pytest.mark.requirement("FR-16")
def test_another_locale_gives_the_same_answers(cluster: Cluster, database: URL) -> None:
    """Of a library that knows no letter beyond ASCII."""
    name = f"{database.database}_elsewhere"
    locale = "LOCALE_PROVIDER libc LOCALE 'C'"
    administer(cluster, f'CREATE DATABASE "{name}" TEMPLATE template0 {locale}')
    elsewhere = url_of(cluster, name)
    try:
        command.upgrade(alembic_config(elsewhere), "head")
        with served(database) as here, served(elsewhere) as there:
            for words in ["", *queries(FOUND), *queries(NOT_FOUND)]:
                expected = search(here, PRIMARY, words, "&sort=title")
                assert search(there, PRIMARY, words, "&sort=title") == expected, words
            assert len(search(there, PRIMARY, "")) == len({*FOUND, *NOT_FOUND})
    finally:
        administer(cluster, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.requirement("FR-16", "FR-09")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_another_time_zone_of_the_database_gives_the_same_answers(
    cluster: Cluster, fresh_database: URL, zone: str
) -> None:
    """To the ends of time: whose local year would be 0 or 10000 there."""
    administer(cluster, f"ALTER DATABASE \"{fresh_database.database}\" SET TimeZone = '{zone}'")
    app = create_app(settings_for(fresh_database))
    with RecordingClient(app) as client:
        client.recorder = Recorder(app.state.runtime.engine)
        for moment in ("0001-01-01T00:00:00", "2026-11-21T00:00:00", "9999-12-31T23:59:59"):
            due_at = f"{moment}.000000Z"
            create(client, PRIMARY, title=due_at, due_at=due_at)
        listed = client.get(PRIMARY.tasks(1, "sort=-due&due_from=0001-01-01&due_to=9999-12-31"))
        assert listed.status_code == 200
        tasks = listed.json()
        assert [task["title"] for task in tasks] == sorted(
            (t["due_at"] for t in tasks), reverse=True
        )
        assert len(tasks) == 3
