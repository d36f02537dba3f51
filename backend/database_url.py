"""The URL of a PostgreSQL database as people write it: read as libpq would, or refused.

PostgreSQL's manual, 34.1.1.2 "Connection URIs"; RFC 3986. A refusal names the part and how to
correct it. It is made of texts of this file alone, so that it never shows any of a password.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn
from sqlalchemy.engine import URL

DRIVER = "postgresql+psycopg2"
FORM = "must be like postgresql://user:password@host/database"
_SCHEMES = {"postgres", "postgresql", DRIVER}
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAME = re.compile(r"[\w.-]+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?")
_MOVED = {"user": "user", "password": "password", "dbname": "database", "database": "database"}
_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "channel_binding": ("disable", "prefer", "require"),
        "gssencmode": ("disable", "prefer", "require"),
        "sslnegotiation": ("postgres", "direct"),
        "load_balance_hosts": ("disable", "random"),
        "client_encoding": ("utf8", "UTF8", "auto"),
        "target_session_attrs": (
            *("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
        ),
    }
)
_OFTEN_MEANT = (
    *(*_CHOICES, "application_name", "connect_timeout", "dbname", "host", "hostaddr", "keepalives"),
    *("keepalives_count", "keepalives_idle", "keepalives_interval", "options", "passfile"),
    *("password", "port", "require_auth", "service", "sslcert", "sslcrl", "sslkey", "sslpassword"),
    *("sslrootcert", "tcp_user_timeout", "user"),
)
_OF_OTHERS = (
    *("connection_limit", "currentSchema", "pgbouncer", "pool", "pool_mode", "pool_timeout"),
    *("prepareThreshold", "schema", "socket_timeout", "ssl", "sslaccept", "supa"),
    *("statement_cache_size", "statement_cache_mode", "uselibpqcompat"),
)


class Host(NamedTuple):
    """A name, an address, or the folder of a socket; without a port, libpq's default."""

    name: str
    port: str = ""

    @property
    def is_socket(self) -> bool:
        return self.name.startswith(("/", "@"))


def parse_database_url(text: str) -> URL:
    """Read a URL of PostgreSQL; raises ValueError, without the value, for anything else.

    An `@`, `:`, `#` or space in the password need not be escaped; `/` and `?` must be. A `%` that
    begins no escape stands for itself where the password has no escapes at all.
    """
    scheme, separator, rest = text.strip().partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise _refused("it begins with postgresql://, with no quotes or command before it")
    if not rest.isascii():
        _encoded(rest)
    location, _, query = rest.partition("?")
    authority, _, path = location.partition("/")
    if "@" in path or "@" in query:
        raise _refused(
            "it has an @ behind the host: in user, password and all that follows, "
            "write / as %2F, ? as %3F, @ as %40"
        )
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    parts = {
        "user": _decoded("user", user),
        "password": _password(password),
        "database": _database(path),
    }
    options = _options(query)
    parts |= {_MOVED[name]: options.pop(name) for name in _MOVED if name in options}
    where = _where(hosts, options)
    if not parts["database"]:
        raise _refused("its database is missing; a / or ? in the password is written %2F or %3F")
    return _url(parts, where, options)


def _url(parts: Mapping[str, str], where: list[Host], options: dict[str, str]) -> URL:
    """One host of a network has its usual place; several, and sockets, are options of libpq."""
    host, port = None, None
    if len(where) == 1 and not where[0].is_socket:
        host, port = where[0].name or None, int(where[0].port) if where[0].port else None
    elif where:
        options["host"] = ",".join(one.name for one in where)
        if any(one.port for one in where):
            options["port"] = ",".join(one.port for one in where)
    return URL.create(
        DRIVER,
        parts["user"] or None,
        parts["password"] or None,
        host,
        port,
        parts["database"],
        options,
    )


def _refused(why: str) -> ValueError:
    return ValueError(f"{FORM}: {why}")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _refused("it is not UTF-8") from None


def _decoded(part: str, text: str) -> str:
    """Percent-decoded once, strictly; a + stands for itself, as in libpq."""
    if _BROKEN_ESCAPE.search(text):
        raise _refused(f"its {part} has a % that begins no escape: write it as %25")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise _refused(
            f"its {part} has escapes that are not UTF-8: a % that is meant is written %25"
        ) from None
    if "\0" in decoded:
        raise _refused(f"its {part} has a NUL character")
    return decoded


def _password(text: str) -> str:
    if "%" in text and not _ESCAPE.search(text) and "\0" not in text:
        return text
    return _decoded("password", text)


def _database(path: str) -> str:
    if "/" in path or "#" in path:
        raise _refused(
            "its database has a / or #: write %2F or %23, and the folder of a socket as "
            "?host=/folder; a / in the password is written %2F"
        )
    return _decoded("database", path)


def _where(hosts: str, options: dict[str, str]) -> list[Host]:
    """The hosts of the query, which in libpq win, or else those before the database."""
    ports = options.pop("port", "")
    found = [
        _host(piece) for piece in options.pop("host", hosts).split(",") if piece or "," in hosts
    ]
    if not ports:
        return found
    of_each = ports.split(",")
    if len(of_each) == 1:
        of_each *= max(1, len(found))
    if len(of_each) != max(1, len(found)):
        raise _refused("it has not as many ports as hosts")
    found = found or [Host("")]
    return [Host(host.name, _port(port)) for host, port in zip(found, of_each, strict=True)]


def _host(text: str) -> Host:
    """`name`, `name:port`, `[IPv6]:port` or the folder of a socket, percent-encoded or not."""
    if text.startswith("/"):
        return Host(_decoded("host", text))
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        name = name.replace("%25", "%")
        if not bracket or not _IPV6.fullmatch(name) or rest[:1] not in {"", ":"}:
            raise _refused("its host is no IPv6 address in brackets, like [::1]")
        return Host(name, _port(rest[1:]))
    if text.count(":") > 1:
        raise _refused("it has several colons in its host: write an IPv6 address as [::1]")
    name, _, port = text.partition(":")
    host = Host(_decoded("host", name), _port(port))
    if not host.is_socket and host.name and not _NAME.fullmatch(host.name):
        raise _refused("its host is neither a name nor an address")
    return host


def _port(text: str) -> str:
    if text and not (re.fullmatch(r"[0-9]{1,5}", text) and 1 <= int(text) <= 65535):
        raise _refused(
            "its port is not a number from 1 to 65535; a / or ? in the password is written %2F or "
            "%3F, and an @ belongs before the host"
        )
    return text


def _options(query: str) -> dict[str, str]:
    """What follows the `?`, by libpq's names. Repeated hosts (SQLAlchemy's form) are joined."""
    options: dict[str, str] = {}
    for position, name, value in _pairs(query):
        if name == "ssl" and value == "true":  # libpq takes it too, from JDBC
            name, value = "sslmode", "require"  # noqa: PLW2901
        _require_known(position, name)
        if name in options and name != "host":
            raise _refused(f"its parameter {position} is there twice")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise _refused(f"its {name} is none of {', '.join(_CHOICES[name])}")
        if name == "connect_timeout" and not re.fullmatch(r"[0-9]{1,5}", value):
            raise _refused("its connect_timeout is not a whole number of seconds")
        options[name] = f"{options[name]},{value}" if name in options else value
    return options


def _pairs(query: str) -> Iterator[tuple[int, str, str]]:
    if "#" in query:
        raise _refused("it has a # in its parameters: write it as %23")
    for position, pair in enumerate(query.split("&"), start=1):
        name, equals, value = pair.partition("=")
        if pair and not equals:
            raise _refused(f"its parameter {position} is not name=value; a ? is written %3F")
        if value:
            part = f"parameter {position}"
            yield position, _decoded(part, name), _decoded(part, value)


def _require_known(position: int, name: str) -> None:
    try:
        make_dsn(**{name: "x"})
    except ProgrammingError:
        if name in _OF_OTHERS:
            hint = f"{name} belongs to another driver; remove it"
        elif close := get_close_matches(name, _OFTEN_MEANT, 1):
            hint = f"is {close[0]} meant?"
        else:
            hint = "remove it"
        raise _refused(f"PostgreSQL does not know its parameter {position}: {hint}") from None
