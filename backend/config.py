"""Settings from the environment or a git-ignored `.env`, and from nowhere else."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL

from backend.database_url import parse_database_url
from backend.env_file import ENV_FILE, EnvFileError, values_of

_HOST = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_PORT = r"(?::([0-9]{1,5}))?"
_WEB_HOST = re.compile(rf"(?:\*\.(?=localhost|.+\..)(?!\[))?{_HOST}", re.IGNORECASE)
_APP_HOST = re.compile(r"[A-Za-z0-9._-]+|\*")
_HOST_AND_PORT = re.compile(r"\A(.*?)(:\*|:[0-9]{1,5})?\Z", re.DOTALL)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_NO_ORIGINS = {"file", "data", "blob", "about", "javascript", "ftp", "ws", "wss", "mailto"}
_PATH = r"(?:/[A-Za-z0-9._~%-]+)*/?"
_ROOT = re.compile(rf"https?://{_HOST}{_PORT}{_PATH}")
_ADDRESS = re.compile(r"[A-Za-z0-9._:-]+|\[[0-9A-Fa-f:.]+\]")
_TRUSTED = re.compile(rf"\*|(?:\*\.)?{_HOST}")


class SettingsError(SystemExit):
    """A missing or malformed setting: ends uvicorn, Alembic or a script with one line, status 1.

    `SystemExit` prints its message and no traceback: no value, and no secret, leaks through one.
    """


def database_url(text: SecretStr) -> URL:
    """Parse a PostgreSQL URL; a password stands where libraries mask it.

    Raises ValueError, without the value, for anything else.
    """
    return parse_database_url(text.get_secret_value())


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


def _origin(text: str) -> str:
    """An origin, or a pattern of several, as browsers send it (RFC 6454, 6.2); else ValueError.

    `https://*.example.com` is any name below, `http://localhost:*` any port. `null` is no origin:
    every sandboxed page has it.
    """
    scheme, _, authority = text.lower().partition("://")
    host, port = _HOST_AND_PORT.findall(authority)[0]
    is_scheme = scheme not in _NO_ORIGINS and bool(_SCHEME.fullmatch(scheme))
    is_host = bool((_WEB_HOST if scheme in _DEFAULT_PORTS else _APP_HOST).fullmatch(host))
    if not (is_scheme and is_host and (port in {"", ":*"} or _is_port(port[1:]))):
        raise ValueError(
            "must be origins like https://example.com, https://*.app.example.com, "
            "http://localhost:* or tauri://localhost, comma-separated, without a path"
        )
    if host.startswith("["):
        host = f"[{IPv6Address(host[1:-1]).compressed}]"  # ValueError, too
    return f"{scheme}://{host}{'' if port == _DEFAULT_PORTS.get(scheme) else port}"


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
WholeSeconds = Annotated[int, Field(ge=1, le=3600)]


class Settings(BaseSettings):
    """What an operator can set; `.env.example` explains each. Fields are named in upper case."""

    model_config = SettingsConfigDict(
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
    forwarded_allow_ips: Names = ("127.0.0.1", "::1")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    web_concurrency: int = Field(default=1, ge=1, le=64)
    client_timeout: Seconds = 8
    keep_alive: WholeSeconds = 75
    shutdown_delay: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    shutdown_grace: WholeSeconds = 10
    pool_size: int = Field(default=4, ge=1, le=100)
    request_timeout: float = Field(default=8, ge=0.1, le=60)
    verify_after: float = Field(default=1, ge=0, le=3600, allow_inf_nan=False)
    verify_timeout: float = Field(default=0.75, ge=0.05, le=60)
    prepare_statements: bool = True
    max_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    docs_enabled: bool = True
    metrics_enabled: bool = True
    otel_exporter_otlp_endpoint: str | None = None
    admission_timeout: Seconds = 2
    retry_window: float = Field(default=6, ge=0, le=60)
    readiness_timeout: Seconds = 1.5
    readiness_cache: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    max_unsent_bytes: int = Field(default=134_217_728, ge=1_048_576)
    max_buffered_bytes: int = Field(default=67_108_864, ge=1024)
    events_interval: float = Field(default=1, ge=0.05, le=60)
    max_subscribers: int = Field(default=1000, ge=1, le=100_000)
    max_exports: int = Field(default=16, ge=1, le=10_000)
    max_import_bytes: int = Field(default=10_485_760, ge=1024)
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
        return tuple(origin if origin == "*" else _origin(origin) for origin in value)

    @field_validator("trusted_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(map(_TRUSTED.fullmatch, value)):
            raise ValueError("must be host names, comma-separated; wildcards like *.example.com")
        return value

    @field_validator("host")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not _ADDRESS.fullmatch(value):
            raise ValueError(
                "must be an address or a name of this machine, like 127.0.0.1; "
                ":: or 0.0.0.0 for all networks"
            )
        return value.strip("[]")

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for address in value:
                if address != "*":
                    ip_network(address)
        except ValueError:
            value = ()
        if not value:
            raise ValueError(
                "must be addresses or networks like 10.0.0.0/8, comma-separated, or *"
            ) from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_root(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _matches(_ROOT, value):
            raise ValueError("must be like https://tasks.example.com, without a query")
        return value.rstrip("/")

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_collector(cls, value: str | None) -> str | None:
        if value is not None and not _matches(_ROOT, value):
            raise ValueError("must be like http://127.0.0.1:4318, without a query")
        return value

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


def load_settings(_env_file: Path | str | None = ENV_FILE, **given: Any) -> Settings:
    """Read what is given, then the environment, then the file; raises SettingsError with one line.

    We read the file ourselves: pydantic-settings substitutes each `${…}` in it, passwords too.
    """
    try:
        of_file: dict[str, Any] = values_of(_env_file, Settings.model_fields) if _env_file else {}
        return Settings(**{**of_file, **given})
    except ValidationError as error:
        raise SettingsError(
            _one_line(error.errors(include_input=False, include_url=False))
        ) from None
    except EnvFileError as error:
        raise SettingsError(f"Settings: {error} (see .env.example)") from None


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
