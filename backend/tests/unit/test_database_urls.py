"""The URL of the database, as people and their tools write it: read rightly, or one line."""

import ast
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from backend import database_url
from backend.database_url import FORM, parse_database_url

PASSWORDS = st.text(
    st.one_of(
        st.sampled_from("@/#%?:&=+ $\\{}[]'\",;!~ü€0aF"),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=24,
)
OURS = "\n".join(
    node.value
    for node in ast.walk(ast.parse(Path(database_url.__file__).read_text()))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
)
"""All texts that a refusal can be made of."""


def connected_with(url: URL) -> dict[str, object]:
    """What the driver is called with."""
    arguments = create_engine(url).dialect.create_connect_args(url)[1]
    return dict(arguments)


def refusal(text: str) -> str:
    with pytest.raises(ValueError, match=FORM) as error:
        parse_database_url(text)
    return str(error.value)


def pieces(secret: str) -> set[str]:
    return {secret[at : at + 3] for at in range(len(secret) - 2)}


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@given(password=PASSWORDS, place=st.sampled_from(["user:{}@", "user@", ":{}@"]))
def test_an_encoded_password_arrives_whole(password: str, place: str) -> None:
    login = place.format(quote(password, safe=""))
    query = "" if "{}" in place else f"?password={quote(password, safe='')}"
    url = parse_database_url(f"postgresql://{login}db.example:5433/tasks{query}")
    assert (url.password, url.host, url.port, url.database) == (
        *(password, "db.example", 5433),
        "tasks",
    )
    assert connected_with(url)["password"] == password


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@example("p@ss", "").via("once half of it was printed")
@example("12/d?user=x", "").via("a host, a port and a database")
@example("a%zz%41", "").via("an escape, and none")
@example("5%ff", "").via("an escape that is no text")
@given(password=PASSWORDS, query=st.sampled_from(["", "?sslmode=require", "?user=other"]))
def test_a_raw_password_arrives_whole_or_is_refused_without_a_piece_of_it(
    password: str, query: str
) -> None:
    text = f"postgresql://user:{password}@db.example/tasks{query}"
    try:
        url = parse_database_url(text)
    except ValueError as error:
        line = str(error)
        assert line.isprintable()
        assert not {piece for piece in pieces(password) if piece in line and piece not in OURS}
    else:
        assert url.password in {password, unquote(password)}
        assert url.password == password or "%" in password
        assert (url.host, url.database) == ("db.example", "tasks")


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize(
    ("password", "read"),
    [
        *(("p@ss", "p@ss"), ("a:b", "a:b"), ("a#b", "a#b"), ("a b", "a b"), ("100%", "100%")),
        *(("${DB_PASSWORD}", "${DB_PASSWORD}"), ("$HOME", "$HOME"), ("a+b", "a+b"), ("[x]", "[x]")),
        *(("%40%2F%23%25", "@/#%"), ("%24%7Bx%7D", "${x}"), ("%zz", "%zz"), ("\\", "\\")),
    ],
)
def test_what_has_one_meaning_is_read(password: str, read: str) -> None:
    assert parse_database_url(f"postgres://u:{password}@h/d").password == read


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("postgresql://u:a/b@h/d", "%2F"),
        ("postgresql://u:a?b@h/d", "%3F"),
        ("postgresql://u:pw/d", "port .* a / or . in the password"),
        ("postgresql://u:%zz%41@h/d", "password has a % .* %25"),
        ("postgresql://u:%ff@h/d", "password has escapes that are not UTF-8"),
        ("postgresql://u:%00@h/d", "NUL"),
        ("postgresql://%zz@h/d", "user has a %"),
        ("postgresql://u@h/d%", "database has a %"),
        ("postgresql://u@/var/run/postgresql/d", r"\?host=/folder"),
        ("postgresql://u@h", "database is missing"),
        ("'postgresql://u@h/d'", "no quotes"),
        ("psql postgresql://u@h/d", "no quotes or command"),
        ("host=h dbname=d password=pw", "begins with postgresql://"),
        ("mysql://u@h/d", "begins with postgresql://"),
        ("postgresql://u@::1/d", r"\[::1\]"),
        ("postgresql://u@[::1/d", r"\[::1\]"),
        ("postgresql://u@[h]/d", r"\[::1\]"),
        ("postgresql://u@h h/d", "host is neither"),
        ("postgresql://u@h:0/d", "port"),
        ("postgresql://u@h1:1,h2:x/d", "port"),
        ("postgresql://u@h1,h2/d?port=1,2,3", "as many ports as hosts"),
        ("postgresql://u@h/d?sslmod=require", "parameter 1: is sslmode meant"),
        ("postgresql://u@h/d?sslmode=require&schema=app", "parameter 2: schema belongs to another"),
        ("postgresql://u@h/d?pgbouncer=true", "pgbouncer belongs to another"),
        ("postgresql://u@h/d?qqq=1", "does not know its parameter 1: remove it"),
        ("postgresql://u@h/d?sslmode=full", "sslmode is none of disable, .* verify-full"),
        ("postgresql://u@h/d?channel_binding=yes", "channel_binding is none of"),
        ("postgresql://u@h/d?client_encoding=latin1", "client_encoding is none of"),
        ("postgresql://u@h/d?connect_timeout=5s", "connect_timeout is not a whole number"),
        ("postgresql://u@h/d?sslmode", "name=value"),
        ("postgresql://u@h/d?sslmode=require&sslmode=disable", "parameter 2 is there twice"),
        ("postgresql://u@h/d?user=me@work", "%40"),
        ("postgresql://u@h/d?application_name=a#b", "%23"),
        ("postgresql://u:\udcff@h/d", "not UTF-8"),
    ],
)
def test_a_refusal_names_the_part_and_the_mend(text: str, mend: str) -> None:
    line = refusal(text)
    with pytest.raises(ValueError, match=mend):
        parse_database_url(text)
    assert line.isprintable()


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("postgresql://u@h/d", {"host": "h", "user": "u", "dbname": "d"}),
        ("POSTGRES://u@h:/d", {"host": "h"}),
        ("postgresql://u@domain:pw@h/d", {"user": "u@domain", "password": "pw"}),
        ("postgresql://u%40domain:pw@h/d", {"user": "u@domain"}),
        ("postgresql://u@[::1]:5433/d", {"host": "::1", "port": 5433}),
        ("postgresql://u@[fe80::1%25eth0]/d", {"host": "fe80::1%eth0"}),
        ("postgresql://u@%2Fvar%2Frun/d", {"host": "/var/run"}),
        ("postgresql://u@%2Fvar%2Frun:5433/d", {"host": "/var/run", "port": "5433"}),
        ("postgresql://u@/d?host=/var/run", {"host": "/var/run"}),
        ("postgresql://u@/d?host=%2Fvar%2Frun&port=5433", {"host": "/var/run", "port": "5433"}),
        ("postgresql://u@%40abstract/d", {"host": "@abstract"}),
        ("postgresql:///d", {"dbname": "d"}),
        ("postgresql://?dbname=d&user=u", {"dbname": "d", "user": "u"}),
        ("postgresql://h1:1,h2:2/d", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://h1:1,h2/d", {"host": "h1,h2", "port": "1,"}),
        ("postgresql://h1,[::1]:7/d", {"host": "h1,::1", "port": ",7"}),
        ("postgresql://h1,h2/d?port=7", {"host": "h1,h2", "port": "7,7"}),
        ("postgresql:///d?host=h1,h2&port=1,2", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql:///d?host=h1:1&host=h2:2", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://u:old@h/d?password=a+b", {"password": "a+b"}),
        ("postgresql://u@h/d%2Fe", {"dbname": "d/e"}),
        ("postgresql://h/d?ssl=true", {"sslmode": "require"}),
        (
            "postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem&channel_binding=require",
            {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "channel_binding": "require"},
        ),
        ("postgresql://h/d?options=endpoint%3Dep-1", {"options": "endpoint=ep-1"}),
        ("postgresql://h/d?options=-c%20search_path%3Dapp", {"options": "-c search_path=app"}),
    ],
)
def test_the_driver_gets_what_libpq_would_read(text: str, arguments: dict[str, object]) -> None:
    found = connected_with(parse_database_url(text))
    assert arguments.items() <= found.items()
