"""Every setting: from the environment, checked at the start, named in the example, not leaked."""

import re
from pathlib import Path

import pytest

from backend.config import Settings, SettingsError, load_settings
from backend.database.engine import make_engine
from backend.tests.support.databases import ROOT

SECRET = "hunter2secret"
GOOD = "postgresql://user@localhost/tasks"
NOT_SETTINGS = {"DEV_POSTGRES_DIR"}
NAMES = {name.upper() for name in Settings.model_fields}
BAD_URLS = [
    *(" ", SECRET, f"mysql://u:{SECRET}@h/d", f"postgresql+asyncpg://u:{SECRET}@h/d"),
    *(f"postgresql://u:{SECRET}@h", f"postgresql://u:{SECRET}@h/", f"postgres:/u:{SECRET}@h/d"),
    *(f"postgresql://u:pw@h:{SECRET}/d", f"postgresql://u:{SECRET}@h:99999/d"),
    *(f"postgresql://h/d?password={SECRET}&password=2", f"postgresql://u:{SECRET}@h/d?sslmod=x"),
]
TIMES = ("-1", "nan", "inf", "3601", "2s", SECRET)
MALFORMED = {
    "DATABASE_URL": BAD_URLS,
    "MIGRATION_DATABASE_URL": BAD_URLS,
    "CORS_ORIGINS": [
        *(SECRET, f"ftp://{SECRET}", f"https://a.example/{SECRET}", "https://a.example/", "null"),
        *(f"https://u:{SECRET}@a.example", f"https://a.example?{SECRET}", f"https://[{SECRET}"),
        *(f"https://a.example,{SECRET}", "https://", f"https://u:{SECRET}@a\u2100b.example"),
        *(f"https://a.example:{SECRET}", "https://a.example:99999", "https://*.example"),
        *("https://a b", "https://*:80", "https://a.*.example", "https://a*.example.com"),
        *("https://*.*.example.com", "https://*.[::1]", "https://[::::]", "https://a.example:*0"),
        *("https://a.example:0", "file://x", "ws://a.example", "wss://a.example", "data:text"),
        *("blob:https://a.example", "app://", "app://a b", "app://a/b", "1a://b.example"),
        *("javascript://x", "app:x"),
    ],
    "TRUSTED_HOSTS": [
        *(" , ", f"*{SECRET}", f"{SECRET}*", "*.*", f"a.*.{SECRET}", "a.example,b*"),
        *(
            f"https://{SECRET}.example",
            f"{SECRET}.example:8000",
            f"a.example/{SECRET}",
            "a b",
            "*.",
        ),
    ],
    "PUBLIC_URL": [
        *(SECRET, f"ftp://{SECRET}", "https://", f"//{SECRET}", f"https://a.example?{SECRET}"),
        *(f"https://a.example#{SECRET}", "https://a.example?", "https://a.example#", "https://["),
        *(f"https://u:{SECRET}@a\u2100b.example", f"https://u:{SECRET}@a.example", "https://a b"),
        *(f"https://a.example:{SECRET}", f"https://a.example\n{SECRET}", "https://a.example:99999"),
    ],
    "FORWARDED_ALLOW_IPS": [
        *(" , ", "localhost", SECRET, f"127.0.0.1,{SECRET}", "10.0.0.1/8", "10.0.0.0/33", "::1/x"),
        *("127.0.0.1:80", "[::1]", "10.*"),
    ],
    "HOST": ["a b", "a/b", f"{SECRET}\n", f"http://{SECRET}", "127.0.0.1,::1"],
    "PORT": ["0", "-1", "65536", "80a", "1.5", SECRET],
    "WEB_CONCURRENCY": ["0", "-1", "65", "1.5", "auto", SECRET],
    "CLIENT_TIMEOUT": ["0", "-1", "nan", "inf", "3601", "8s", SECRET],
    "KEEP_ALIVE": ["0", "-1", "1.5", "3601", SECRET],
    "SHUTDOWN_DELAY": ["-1", "nan", "inf", "3601", "5s", SECRET],
    "SHUTDOWN_GRACE": ["0", "-1", "1.5", "3601", SECRET],
    "POOL_SIZE": ["0", "-1", "101", "1.5", SECRET],
    "DOCS_ENABLED": ["maybe", "2", SECRET],
    "METRICS_ENABLED": ["maybe", "2", SECRET],
    "OTEL_EXPORTER_OTLP_ENDPOINT": [SECRET, "grpc://a:4317", f"http://u:{SECRET}@a", "http://a?x"],
    "REQUEST_TIMEOUT": ["0", "-1", "61", "nan", "inf", "4s", SECRET],
    "MAX_CONCURRENCY": ["0", "-1", "10001", "1.5", SECRET],
    "MAX_BODY_BYTES": ["0", "-1", "1023", "1MB", "1e9", SECRET],
    "MAX_BUFFERED_BYTES": ["0", "-1", "1023", "64MB", SECRET],
    "EVENTS_INTERVAL": ["0", "-1", "nan", "inf", "61", "1s", SECRET],
    "MAX_SUBSCRIBERS": ["0", "-1", "1.5", "100001", SECRET],
    "MAX_EXPORTS": ["0", "-1", "1.5", "10001", SECRET],
    "MAX_IMPORT_BYTES": ["0", "1023", "-1", "1.5", SECRET],
    "MAX_UNSENT_BYTES": ["0", "-1", "1048575", "64MB", SECRET],
    **{name: [*TIMES, "0"] for name in ("ADMISSION_TIMEOUT", "READINESS_TIMEOUT")},
    **dict.fromkeys(("READINESS_CACHE", "VERIFY_AFTER"), TIMES),
    "VERIFY_TIMEOUT": ["0", "-1", "61", "nan", "inf", "1s", SECRET],
    "PREPARE_STATEMENTS": ["maybe", "2", SECRET],
    "RETRY_WINDOW": ["-1", "61", "nan", "inf", "3s", SECRET],
    **dict.fromkeys(("LOG_LEVEL", "LOG_FORMAT"), ("verbose", SECRET)),
}


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good database and nothing else, whatever the developer's environment says."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", GOOD)


def refused(**given: str) -> str:
    """The one line that a start with these settings ends with."""
    with pytest.raises(SettingsError) as error:
        load_settings(_env_file=None, **given)
    assert isinstance(error.value, SystemExit)  # printed without a traceback, status 1
    line = str(error.value.code)
    assert line.isprintable()
    return line


@pytest.mark.requirement("NFR-02")
def test_the_example_names_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {match[1] for line in lines if (match := re.match(r"#?\s*([A-Z][A-Z_]+)=", line))}
    assert named - NOT_SETTINGS == NAMES


def test_every_setting_is_tried_with_malformed_values() -> None:
    assert MALFORMED.keys() == NAMES


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in MALFORMED.items() for value in values],
    ids=ascii,
)
@pytest.mark.threat(36)
def test_a_malformed_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    line = refused()
    assert re.findall(r"\b[A-Z_]{4,}\b", line) == [name]
    assert SECRET not in line
    assert len(value) < 9 or value not in line


@pytest.mark.requirement("NFR-02")
@pytest.mark.threat(36)
def test_a_missing_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert refused() == "Settings: DATABASE_URL is missing (see .env.example)"


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_empty_setting_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    if name == "DATABASE_URL":
        assert refused() == "Settings: DATABASE_URL is missing (see .env.example)"
    else:
        field = name.lower()
        default = Settings.model_fields[field].get_default()
        assert getattr(load_settings(_env_file=None), field) == default


@pytest.mark.requirement("NFR-02")
@pytest.mark.threat(36)
def test_all_malformed_settings_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("POOL_SIZE", SECRET)
    line = refused(log_level=SECRET)
    assert all(name in line for name in ("DATABASE_URL", "POOL_SIZE", "LOG_LEVEL"))
    assert SECRET not in line


@pytest.mark.requirement("NFR-02")
def test_the_defaults_are_those_of_the_contract() -> None:
    assert load_settings(_env_file=None).model_dump(exclude={"database_url"}) == {
        "migration_database_url": None,
        "cors_origins": ("http://localhost:3000", "http://localhost:5173"),
        "trusted_hosts": ("*",),
        "public_url": None,
        "forwarded_allow_ips": ("127.0.0.1", "::1"),
        "host": "127.0.0.1",
        "port": 8000,
        "web_concurrency": 1,
        "client_timeout": 8,
        "keep_alive": 75,
        "shutdown_delay": 0,
        "shutdown_grace": 10,
        "pool_size": 4,
        "request_timeout": 8.0,
        "verify_after": 1.0,
        "verify_timeout": 0.75,
        "prepare_statements": True,
        "max_concurrency": None,
        "docs_enabled": True,
        "metrics_enabled": True,
        "otel_exporter_otlp_endpoint": None,
        "max_body_bytes": 1_048_576,
        "max_buffered_bytes": 67_108_864,
        "max_unsent_bytes": 134_217_728,
        "events_interval": 1.0,
        "max_subscribers": 1000,
        "max_exports": 16,
        "max_import_bytes": 10_485_760,
        "admission_timeout": 2.0,
        "retry_window": 6.0,
        "readiness_timeout": 1.5,
        "readiness_cache": 0.0,
        "log_level": "info",
        "log_format": "text",
    }


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize("name", ["CORS_ORIGINS", "TRUSTED_HOSTS"])
def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    several = {
        "CORS_ORIGINS": (
            " https://a.example, http://[::1]:80 ,,",
            ["https://a.example", "http://[::1]"],
        ),
        "TRUSTED_HOSTS": ("a.example , *.b.example,", ["a.example", "*.b.example"]),
    }
    text, parts = several[name]
    monkeypatch.setenv(name, text)
    assert getattr(load_settings(_env_file=None), name.lower()) == tuple(parts)
    monkeypatch.setenv(name, "*")
    assert getattr(load_settings(_env_file=None), name.lower()) == ("*",)


@pytest.mark.requirement("NFR-02")
def test_a_file_gives_what_the_environment_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"POOL_SIZE=7\nLOG_LEVEL=debug\nPORT=1\nDATABASE_URL=postgresql://h/{SECRET}\n")
    monkeypatch.setenv("LOG_LEVEL", "error")
    settings = load_settings(_env_file=file)
    assert (settings.pool_size, settings.log_level) == (7, "error")
    assert settings.url.database == "tasks"


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize("user", ["u:{}@", "u@", "u:other@", ""])
@pytest.mark.parametrize("query", ["", "?password={}&sslmode=require", "?pass%77ord={}"])
def test_a_password_is_masked_wherever_it_stands(user: str, query: str) -> None:
    text = f"postgresql://{user}h/d{query}".format(*[SECRET] * 2)
    settings = load_settings(_env_file=None, database_url=text, migration_database_url=text)
    engine = make_engine(settings.url, pool_size=1)
    shown = [repr(engine), str(settings.url), repr(settings.url), str(settings.migration_url)]
    shown += [repr(settings), str(settings), settings.model_dump_json()]
    assert SECRET not in " ".join(shown)
    if SECRET in text:
        assert settings.url.password == SECRET
