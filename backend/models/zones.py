"""The time zones that a client may name."""

from zoneinfo import available_timezones

ZONES = frozenset(available_timezones() - {"Factory", "localtime"})
"""Names of IANA; read once, for it walks a folder."""
