"""What the settings mean for browsers, for links and for who may ask."""

from collections.abc import Iterator

from backend.commands.diagnosis.findings import Finding, listed, ok, warn
from backend.config import Settings

_WILDCARDS = {"0.0.0.0": "all IPv4 networks", "::": "all networks, IPv4 and IPv6"}  # noqa: S104


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Findings about the settings alone; connects to nothing."""
    where = _WILDCARDS.get(settings.host, "this address alone")
    yield ok("HOST, PORT", f"listens on {settings.host} port {settings.port} ({where})")
    yield _origins(settings)
    yield _hosts(settings)
    yield _links(settings)
    proxies = getattr(settings, "forwarded_allow_ips", None)
    if proxies is not None:
        shown = proxies if isinstance(proxies, str) else listed([str(one) for one in proxies])
        everybody = "*" in shown
        line = f"X-Forwarded-* is believed of {shown or 'nobody'}"
        way_out = ": anybody can choose the address of links; name your proxies instead"
        yield (warn if everybody else ok)("proxies", line + way_out * everybody)


def _origins(settings: Settings) -> Finding:
    if "*" in settings.cors_origins:
        return warn("CORS_ORIGINS", "every site may read answers; name the origins of front ends")
    return ok("CORS_ORIGINS", f"browsers may call from {listed([*settings.cors_origins])}")


def _hosts(settings: Settings) -> Finding:
    if "*" in settings.trusted_hosts:
        text = "every Host header is answered; name the hosts, or set PUBLIC_URL for the links"
        return ok("TRUSTED_HOSTS", text) if settings.public_url else warn("TRUSTED_HOSTS", text)
    return ok("TRUSTED_HOSTS", f"answers to {listed([*settings.trusted_hosts])}")


def _links(settings: Settings) -> Finding:
    if settings.public_url:
        return ok("links", f"begin with {settings.public_url} (PUBLIC_URL)")
    return ok(
        "links",
        f"begin with the address that was asked, such as http://localhost:{settings.port}; behind "
        "a proxy set PUBLIC_URL",
    )
