"""Settings from the environment or a git-ignored `.env`, and from nowhere else."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal

from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg2"
_SCHEMES = {"postgres", "postgresql", DRIVER}
_HOST = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])"
_ORIGIN = re.compile(rf"https?://{_HOST}(?::([0-9]{{1,5}}))?")
_PATH = r"(?:/[A-Za-z0-9._~%-]+)*/?"
_ROOT = re.compile(_ORIGIN.pattern + _PATH)
_ADDRESS = r"^[A-Za-z0-9._:-]+$"
_TRUSTED = re.compile(rf"\*|(?:\*\.)?{_HOST}")


class SettingsError(SystemExit):
    """A missing or malformed setting: ends uvicorn, Alembic or a script with one line, status 1.

    `SystemExit` prints its message and no traceback: no value, and no secret, leaks through one.
    """


def database_url(text: SecretStr) -> URL:
    """Parse a PostgreSQL URL; a `password` in its query moves to where libraries mask it.

    Raises ValueError, without the value, for anything else.
    """
    try:
        url = make_url(text.get_secret_value().strip())
        make_dsn(**dict.fromkeys(url.query, "x"))  # knows the names of libpq's options
    except (ArgumentError, ValueError, ProgrammingError):
        url = None
    if url is None or url.drivername not in _SCHEMES or not url.database or not _is_port(url.port):
        raise ValueError("must be like postgresql://user:password@host/database")
    password = url.query.get("password", url.password)
    if not isinstance(password, str | None):
        raise ValueError("must name one password")  # noqa: TRY004  (pydantic takes no TypeError)
    return url.difference_update_query(["password"]).set(drivername=DRIVER, password=password)


def _comma_separated(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _is_port(port: str | int | None) -> bool:
    return port is None or 1 <= int(port) <= 65535


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the whole text is of the pattern, whose first group is a port."""
    match = pattern.fullmatch(text)
    return match is not None and _is_port(match[1])


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
WholeSeconds = Annotated[int, Field(ge=1, le=3600)]


class Settings(BaseSettings):
    """What an operator can set; `.env.example` explains each. Fields are named in upper case."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    database_url: Secret
    migration_database_url: Secret | None = None
    cors_origins: Names = ("http://localhost:3000", "http://localhost:5173")
    trusted_hosts: Names = ("*",)
    public_url: str | None = None
    host: str = Field(default="127.0.0.1", pattern=_ADDRESS)
    port: int = Field(default=8000, ge=1, le=65535)
    client_timeout: Seconds = 8
    keep_alive: WholeSeconds = 30
    shutdown_delay: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    shutdown_grace: WholeSeconds = 10
    pool_size: int = Field(default=4, ge=1, le=100)
    request_timeout: float = Field(default=8, ge=0.1, le=60)
    verify_after: float = Field(default=1, ge=0, le=3600, allow_inf_nan=False)
    verify_timeout: float = Field(default=0.75, ge=0.05, le=60)
    max_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    docs_enabled: bool = True
    admission_timeout: Seconds = 2
    retry_window: float = Field(default=6, ge=0, le=60)
    readiness_timeout: Seconds = 1.5
    readiness_cache: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    max_buffered_bytes: int = Field(default=67_108_864, ge=1024)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        "info"
    )
    log_format: Literal["text", "json"] = "text"

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            database_url(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(origin == "*" or _matches(_ORIGIN, origin) for origin in value):
            raise ValueError(
                "must be origins like https://app.example.com, comma-separated, without a path"
            )
        return value

    @field_validator("trusted_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(map(_TRUSTED.fullmatch, value)):
            raise ValueError("must be host names, comma-separated; wildcards like *.example.com")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_root(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _matches(_ROOT, value):
            raise ValueError("must be like https://tasks.example.com, without a query")
        return value.rstrip("/")

    @property
    def url(self) -> URL:
        """Where the service reads and writes."""
        return database_url(self.database_url)

    @property
    def slots(self) -> int:
        """Requests inside at a time: as many again as connections, so that none is ever idle."""
        return self.max_concurrency or 2 * self.pool_size

    @property
    def migration_url(self) -> URL:
        """Where Alembic migrates: the direct endpoint, if the service's own is pooled."""
        return database_url(self.migration_database_url or self.database_url)


def _one_line(errors: Iterable[Any]) -> str:
    """Name each setting and what is wrong with it, never its value."""
    problems = [
        f"{'.'.join(map(str, error['loc'])).upper()} "
        + (
            "is missing"
            if error["type"] == "missing"
            else error["msg"].removeprefix("Value error, ")
        )
        for error in errors
    ]
    return "Settings: " + "; ".join(problems) + " (see .env.example)"


def load_settings(**given: Any) -> Settings:
    """Read the settings; raises SettingsError with one line."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(
            _one_line(error.errors(include_input=False, include_url=False))
        ) from None


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
