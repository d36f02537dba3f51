"""Time zones as calendars name them. None of their rules is expanded: IANA has them."""

from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from backend.models.zones import ZONES

_KNOWN = {name.lower(): name for name in ZONES}
_WINDOWS = {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}


class Zones:
    """The zones that a file has defined so far, and those that everybody knows."""

    def __init__(self) -> None:
        self._locations: dict[str, str] = {}

    def define(self, name: str, location: str) -> None:
        """What a VTIMEZONE says where it is (X-LIC-LOCATION)."""
        if len(self._locations) < len(_KNOWN):
            self._locations[name] = location

    def find(self, name: str) -> ZoneInfo | None:
        """The zone of a TZID, with whatever prefix (`/mozilla.org/20050126_1/Europe/Berlin`)."""
        for candidate in (name, self._locations.get(name, "")):
            if zone := _known(candidate):
                return ZoneInfo(zone)
        return None


def key_of(zone: ZoneInfo | None) -> str | None:
    """The name of a zone for a task's `repeat_zone`; None for UTC, and for one it cannot have."""
    if zone is None or zone.key == "UTC" or zone.key not in ZONES:
        return None
    return zone.key


def _known(name: str) -> str | None:
    lower = name.strip('"').lower()
    if lower in _WINDOWS:
        return _WINDOWS[lower]
    parts = lower.strip("/").split("/")
    tails = ("/".join(parts[-number:]) for number in (3, 2, 1) if number <= len(parts))
    return next((_KNOWN[tail] for tail in tails if tail in _KNOWN), None)
