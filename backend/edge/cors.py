"""Which origins may read the answers (Fetch standard, "CORS protocol")."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.edge.origins import OriginRule
from backend.edge.refusals import refusal
from backend.edge.request_head import header
from backend.errors import InvalidRequest

EXPOSED = (
    "ETag",
    "Link",
    "Location",
    "X-Total-Count",
    "X-Request-ID",
    "Idempotent-Replayed",
    "Retry-After",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class CrossOriginMiddleware(CORSMiddleware):
    """Starlette's, but a request without an Origin costs nothing and a refusal is a problem."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=("*",),
            allow_private_network=True,
            expose_headers=EXPOSED,
        )
        self._rule = OriginRule(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin") if scope["type"] == "http" else b""
        if not origin:
            await self.app(scope, receive, send)
            return
        # A page of this host (/docs) needs no permission, whatever a proxy makes of its scheme.
        is_own = origin.partition(b"://")[2] == header(scope, b"host")
        if not (is_own or self.is_allowed_origin(text := origin.decode("latin-1"))):
            self._rule.report(text)
        await super().__call__(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return self._rule.takes(origin)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Starlette's permission, or a problem; its headers stay if the origin is allowed."""
        permission = super().preflight_response(request_headers)
        if self._rule.takes_any:  # `*` does not extend to private networks
            del permission.headers["access-control-allow-private-network"]
        if permission.status_code < 400:
            return permission
        origin = request_headers.get("origin", "")
        if not self.is_allowed_origin(origin):
            refused = refusal(InvalidRequest("This origin is not allowed here (CORS_ORIGINS)."))
            refused.headers["vary"] = permission.headers["vary"]
            return refused
        refused = refusal(InvalidRequest("This method or header is not allowed across origins."))
        for name, value in permission.headers.items():
            if not name.startswith("content-"):
                refused.headers[name] = value
        return refused


def cors_headers(origin: str, rule: OriginRule) -> list[tuple[bytes, bytes]]:
    """What the middleware adds to an answer for this origin, where there is no request to ask."""
    if rule.takes_any:
        return [(b"access-control-allow-origin", b"*")]
    allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
    return [allowed] if rule.takes(origin) else []
