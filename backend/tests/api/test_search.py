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
from backend.tests.support.api import Api
from backend.tests.support.databases import administer, alembic_config, settings_for, url_of
from backend.tests.support.other_postgres import C_OF_LIBC
from backend.tests.support.problems import MARK, require_problem
from backend.tests.support.recorder import Recorder, RecordingClient
from backend.tests.support.surfaces import FLAT, PRIMARY

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


def search(api: Api, words: str, more: str = "") -> list[str]:
    """The titles that a search answers."""
    response = api.list(f"q={quote(words, safe='')}{more}")
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json()]


@pytest.mark.requirement("FR-16")
@pytest.mark.threat(13)
@pytest.mark.parametrize("title", FOUND, ids=ascii)
def test_words_are_found_literally_in_any_case_and_order(
    client: RecordingClient, title: str
) -> None:
    Api(client, PRIMARY).made(title=title)
    Api(client, FLAT).made(title="other", description=title)
    Api(client, PRIMARY).made(title="neither", description="-")
    expected = [unicodedata.normalize("NFC", title), "other"]
    for number, words in enumerate(FOUND[title]):
        assert search(Api(client, (PRIMARY, FLAT)[number % 2]), words) == expected, ascii(words)


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("title", NOT_FOUND, ids=ascii)
def test_what_is_not_there_is_not_found(client: RecordingClient, title: str) -> None:
    Api(client, PRIMARY).made(title=title, description=title)
    for words in NOT_FOUND[title]:
        assert search(Api(client, PRIMARY), words) == [], ascii(words)


@pytest.mark.requirement("FR-16")
def test_words_may_be_in_title_and_description_but_none_in_both(api: Api) -> None:
    api.made(title="over", description="night train")
    api.made(title="night")
    for words in ("train over", "night over", "over night"):
        assert search(api, words) == ["over"]
    for words in ("overnight", "rnigh", "over\nnightx"):
        assert search(api, words) == []


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("words", ["", " ", "\t\r\n\u00a0\u3000"], ids=ascii)
def test_no_word_is_no_filter(api: Api, words: str) -> None:
    api.made(title="a")
    api.made(title="b", completed=True)
    assert search(api, words) == ["a", "b"]
    assert search(api, words, "&completed=true") == ["b"]


@pytest.mark.requirement("FR-16")
@pytest.mark.parametrize("character", ["ß", "😀", "\\"])
def test_two_hundred_characters_are_searched_for(api: Api, character: str) -> None:
    api.made(title=character * 200)
    api.made(title=character * 199)
    assert search(api, character * 200) == [character * 200]
    assert search(api, f"{character} " * 100) == [character * 200, character * 199]


@pytest.mark.requirement("FR-16", "FR-12")
@pytest.mark.threat(13)
@pytest.mark.parametrize(
    "words",
    ["x" * 201, MARK * 40, MARK * 900, "%" * 201, " " * 201, "\0", f"{MARK}\0", f"\0{MARK}"],
    ids=lambda words: f"{words[:9]!a} {len(words)}",
)
def test_too_many_characters_and_nul_are_refused(api: Api, words: str) -> None:
    response = api.list(f"q={quote(words)}")
    assert api.statements == []
    problem = require_problem(response, 400, "validation_error", "x" * 50)
    assert [error["loc"] for error in problem["errors"]] == ["query.q"]


@pytest.mark.requirement("FR-16")
def test_the_search_follows_every_change(api: Api) -> None:
    task = api.made(title="Äpfel", description="GRÜN")
    url = api.task(task["id"])

    def finds(*words: str) -> list[bool]:
        return [search(api, word) != [] for word in words]

    assert finds("äpfel", "grün", "birnen") == [True, True, False]
    api.client.patch(url, json={"title": "BIRNEN"})
    assert finds("äpfel", "grün", "birnen") == [False, True, True]
    api.client.patch(url, json={"description": "Süß"})
    assert finds("grün", "süss", "birnen") == [False, True, True]
    api.client.patch(url, json={"priority": "high"})
    api.toggle(task["id"])
    assert finds("süss", "birnen") == [True, True]
    api.client.patch(url, json={"description": None})
    assert finds("süss", "birnen") == [False, True]
    api.client.put(url, json={"title": "Kirschen", "description": "Rot"})
    assert finds("birnen", "kirschen", "ROT") == [False, True, True]
    api.client.put(url, json={"title": "Kirschen"})
    assert finds("rot", "KIRSCHEN") == [False, True]
    api.client.delete(url)
    assert finds("kirschen") == [False]
    assert search(api, "kirschen", "&deleted=true") == ["Kirschen"]
    api.restore(task["id"])
    assert finds("kirschen") == [True]


@pytest.mark.requirement("FR-16", "FR-19")
def test_a_bulk_trash_takes_what_the_search_finds(api: Api) -> None:
    for title in ("100% Größe", "100 Größe", "100% Grosse"):
        api.made(title=title)
    response = api.delete_all(f"q={quote('% GRÖSSE')}")
    assert response.status_code == 204
    assert search(api, "") == ["100 Größe", "100% Grosse"]
    assert search(api, "", "&deleted=true") == ["100% Größe"]


@pytest.mark.requirement("FR-16")
def test_a_search_does_not_reach_another_owner(api: Api) -> None:
    api.of(2).create(title="theirs", description="secret")
    assert search(api, "secret") == search(api, "%") == []


@contextmanager
def served(url: URL) -> Iterator[RecordingClient]:
    """The service on a database, which holds every title."""
    app = create_app(settings_for(url))
    with RecordingClient(app) as client:
        client.recorder = Recorder(app.state.runtime.engine)
        for title in dict.fromkeys([*FOUND, *NOT_FOUND]):
            Api(client, PRIMARY).made(title=title)
        yield client


@pytest.mark.requirement("FR-16")
def test_another_locale_gives_the_same_answers(cluster: Cluster, database: URL) -> None:
    """Of a library that knows no letter beyond ASCII."""
    name = f"{database.database}_elsewhere"
    administer(cluster, f'CREATE DATABASE "{name}" TEMPLATE template0 {C_OF_LIBC}')
    elsewhere = url_of(cluster, name)
    try:
        command.upgrade(alembic_config(elsewhere), "head")
        with served(database) as here, served(elsewhere) as there:
            for words in ["", *queries(FOUND), *queries(NOT_FOUND)]:
                expected = search(Api(here, PRIMARY), words, "&sort=title")
                assert search(Api(there, PRIMARY), words, "&sort=title") == expected, words
            assert len(search(Api(there, PRIMARY), "")) == len({*FOUND, *NOT_FOUND})
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
            Api(client, PRIMARY).made(title=due_at, due_at=due_at)
        listed = client.get(PRIMARY.tasks(1, "sort=-due&due_from=0001-01-01&due_to=9999-12-31"))
        assert listed.status_code == 200
        tasks = listed.json()
        assert [task["title"] for task in tasks] == sorted(
            (t["due_at"] for t in tasks), reverse=True
        )
        assert len(tasks) == 3
