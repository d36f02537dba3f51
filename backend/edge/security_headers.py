"""Headers that tell a browser, or a cache, to do nothing with an answer but read it."""

from collections.abc import Iterable

Raw = tuple[bytes, bytes]

# Strict-Transport-Security is not here: it belongs to whoever ends TLS (RFC 6797, 7.2).
ALWAYS: tuple[Raw, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # For "no-cors" requests only (Fetch, 3.7): scripts of the allowed origins read as before.
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Of the answer itself, which is data: it may load nothing and stand in no frame (CSP 3, 6.1, 6.4).
POLICY: Raw = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The client's own cache may keep it, and asks with its ETag each time (RFC 9111, 5.2.2.4, 5.2.2.7).
REVALIDATE: Raw = (b"cache-control", b"private, no-cache")
# Nobody keeps it (RFC 9111, 5.2.2.5).
FORGET: Raw = (b"cache-control", b"no-store")

# What a cache has for no origin must not be given to one (Fetch, "CORS protocol and HTTP caches").
VARY: Raw = (b"vary", b"Origin")


def secured(method: str, headers: Iterable[Raw]) -> list[Raw]:
    """The headers of an answer, and what is missing there (ASGI: names are in lower case)."""
    secured = [*headers, *ALWAYS]
    sent = dict(secured)
    if POLICY[0] not in sent:
        secured.append(POLICY)
    if VARY[0] not in sent:
        secured.append(VARY)
    if not sent.get(REVALIDATE[0], b"").startswith(b"public"):
        known_again = b"etag" in sent and method in {"GET", "HEAD"}
        secured.append(REVALIDATE if known_again else FORGET)
    return secured
