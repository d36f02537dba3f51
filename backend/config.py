"""Settings from the environment or a git-ignored `.env`, and from nowhere else."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg2"
_SCHEMES = {"postgres", "postgresql", DRIVER}


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
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in _SCHEMES or not url.database:
        raise ValueError("must be like postgresql://user:password@host/database")
    password = url.query.get("password", url.password)
    if not isinstance(password, str | None):
        raise ValueError("must name one password")  # noqa: TRY004  (pydantic takes no TypeError)
    url = url.difference_update_query(["password"])
    return url.set(drivername=DRIVER, password=password)


def _comma_separated(value: object) -> object:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    bare = f"{parts.scheme}://{parts.netloc}" == text and "@" not in parts.netloc
    return text == "*" or (parts.scheme in {"http", "https"} and bool(parts.hostname) and bare)


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Secret = Annotated[SecretStr, Field(min_length=1)]


class Settings(BaseSettings):
    """What an operator can set; `.env.example` explains each. Fields are named in upper case."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", hide_input_in_errors=True, frozen=True
    )

    database_url: Secret
    migration_database_url: Secret | None = None
    cors_origins: Names = ("http://localhost:3000", "http://localhost:5173")
    trusted_hosts: Names = ("*",)
    public_url: str | None = None
    pool_size: int = Field(default=4, ge=1, le=100)
    docs_enabled: bool = True
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
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
        if not all(map(_is_origin, value)):
            raise ValueError(
                "must be origins like https://app.example.com, comma-separated, without a path"
            )
        return value

    @field_validator("trusted_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any("*" in host.removeprefix("*.") and host != "*" for host in value):
            raise ValueError("must be host names, comma-separated; wildcards like *.example.com")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_root(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.query
            or parts.fragment
        ):
            raise ValueError("must be like https://tasks.example.com, without a query")
        return value.rstrip("/")

    @property
    def url(self) -> URL:
        """Where the service reads and writes."""
        return database_url(self.database_url)

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
