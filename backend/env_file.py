"""The `.env` file: read as it stands, with a warning for a name that is nearly a setting's."""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = ".env"
_OTHER_NAMES = frozenset({"DEV_POSTGRES_DIR"})
"""Variables of ours that are no settings of the service."""
_URLS = ("DATABASE_URL", "MIGRATION_DATABASE_URL")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_log = logging.getLogger("backend.config")


class EnvFileError(ValueError):
    """The file cannot be used; the message is one line and shows no value."""


def read_env_file(path: Path | str = ENV_FILE) -> dict[str, str]:
    """Its names in upper case, with their values; nothing is substituted in them.

    A password may have a `${…}` in it. Raises EnvFileError.
    """
    try:
        values = dotenv_values(path, encoding="utf-8-sig", interpolate=False)
    except (OSError, UnicodeError) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeError) else str(error.strerror)
        raise EnvFileError(f"{Path(path).name} cannot be read: {reason}") from None
    return {name.upper(): value or "" for name, value in values.items()}


def values_of(path: Path | str, fields: Iterable[str]) -> dict[str, str]:
    """The file's values for these fields that the environment does not set; raises EnvFileError."""
    values = read_env_file(path)
    names = {name.upper() for name in fields}
    for name, meant in misspelt(values, names | _OTHER_NAMES).items():
        _warn(f"{Path(path).name} has {name}, which is no setting: is {meant} meant?")
    for name in {name.upper() for name, value in os.environ.items() if value}:
        values.pop(name, None)
    _require_no_reference(values)
    return {name.lower(): value for name, value in values.items() if value and name in names}


def misspelt(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The names that are nearly a known one, each with that one."""
    known = sorted(known)
    close = {name: get_close_matches(name, known, 1, 0.8) for name in names if name.isidentifier()}
    return {name: found[0] for name, found in close.items() if found and found[0] != name}


def _require_no_reference(values: Mapping[str, str]) -> None:
    """Refuse a `${NAME}` in a URL where that variable exists: either meaning could be meant."""
    for url in _URLS:
        named = _REFERENCE.findall(values.get(url, ""))
        if any(name in os.environ or name.upper() in values for name in named):
            raise EnvFileError(
                f"{url} in {ENV_FILE} refers to a variable as ${{…}}, which is not substituted "
                "there: write its value, or %24%7B for a ${ of the password"
            )


@cache
def _warn(message: str) -> None:
    """Once a process, which may read its settings more than once."""
    _log.warning("%s", message)
