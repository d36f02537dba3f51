"""Which origins are meant by CORS_ORIGINS, and what is said about those that are not."""

import logging
import re
from collections.abc import Iterable

MAX_ORIGIN = 512
"""Characters of an origin that is looked at; a host has 253 at most."""

MAX_REPORTED = 100
"""Origins that get a line in the log, and characters of each."""

_log = logging.getLogger("backend.cors")


class OriginRule:
    """Origins as `Settings` normalises them: exact, with any subdomain, or with any port."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.takes_any = "*" in origins
        patterns = [origin for origin in origins if "*" in origin]
        self._exact = frozenset(origins) - {*patterns}
        self._pattern = re.compile("|".join(map(_pattern, patterns)) or "(?!)")
        self._reported: set[str] = set()

    def takes(self, origin: str) -> bool:
        """Whether the `Origin` of a request is one of them. Safari sends some in upper case."""
        if self.takes_any:
            return True
        origin = origin.lower()
        if origin in self._exact:
            return True
        return len(origin) <= MAX_ORIGIN and self._pattern.fullmatch(origin) is not None

    def report(self, origin: str) -> None:
        """Log a refused origin once: the message in the browser does not name the setting."""
        if len(self._reported) < MAX_REPORTED and origin not in self._reported:
            self._reported.add(origin)
            shown = ascii(origin[:MAX_REPORTED])
            _log.warning("a browser asked from %s, which is not in CORS_ORIGINS", shown)


def _pattern(origin: str) -> str:
    """`https://*.example.com:*` as a regular expression."""
    scheme, _, rest = origin.partition("://")
    host, any_port, _ = rest.partition(":*")
    host = re.escape(host).replace(r"\*\.", r"(?:[a-z0-9_-]+\.)+").replace(r"\*", "[a-z0-9._-]+")
    return f"{re.escape(scheme)}://{host}" + ("(?::[0-9]{1,5})?" if any_port else "")
