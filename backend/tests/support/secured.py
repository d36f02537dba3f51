"""What every answer must carry, whoever gave it."""

from typing import Any

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
DATA = "default-src 'none'; frame-ancestors 'none'"


def require_secured(response: Any, caching: str = "no-store", policy: str = DATA) -> None:
    """Fail unless each header is there, once."""
    expected = {**ALWAYS, "content-security-policy": policy, "cache-control": caching}
    for name, value in expected.items():
        assert response.headers.get_list(name) == [value], name
    assert "strict-transport-security" not in response.headers  # over plain HTTP (RFC 6797, 7.2)
