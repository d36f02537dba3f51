"""Tells whether two creates with one `Idempotency-Key` ask for the same task, across releases."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

LATER_FIELDS: Mapping[str, Any] = {
    "repeat": None,
    "repeat_from": "due",
    "repeat_zone": None,
    "parent_id": None,
}
"""The default of each field that 1.0.0 did not have."""


def fingerprint(values: Mapping[str, Any], later: Mapping[str, Any] = LATER_FIELDS) -> str:
    """The same for the same content, however it was spelled; a SHA-256 in hexadecimal.

    A later field counts only where it differs from its default: so a key that was used before the
    field was there still knows its content.
    """
    return digest(told(values, later))


def told(values: Mapping[str, Any], later: Mapping[str, Any] = LATER_FIELDS) -> dict[str, Any]:
    """The part of a create's content that counts."""
    return {
        name: value for name, value in values.items() if name not in later or value != later[name]
    }


def digest(content: Any) -> str:
    """A digest that is equal for equal JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
