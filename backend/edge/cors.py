"""Which origins may read the answers (Fetch standard, "CORS protocol")."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.edge.refusals import refusal
from backend.edge.request_head import header
from backend.errors import InvalidRequest

EXPOSED = ("ETag", "Link", "Location", "X-Total-Count", "X-Request-ID", "Idempotent-Replayed")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class CrossOriginMiddleware(CORSMiddleware):
    """Starlette's, but a request without an Origin costs nothing and a refusal is a problem."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_concerned = scope["type"] == "http" and header(scope, b"origin")
        await (super().__call__ if is_concerned else self.app)(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Starlette's permission, or a problem; its headers stay if the origin is allowed."""
        permission = super().preflight_response(request_headers)
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


def cors_headers(origin: str, allowed: Collection[str]) -> list[tuple[bytes, bytes]]:
    """What the middleware adds to an answer for this origin, where there is no request to ask."""
    if "*" in allowed:
        return [(b"access-control-allow-origin", b"*")]
    vary = [(b"vary", b"Origin")]
    return [(b"access-control-allow-origin", origin.encode()), *vary] if origin in allowed else vary
