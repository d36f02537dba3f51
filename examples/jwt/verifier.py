"""Who calls, by a bearer token (RFC 6750) whose keys are at a JWKS address (RFC 7517)."""

from anyio import to_thread
from fastapi import Request
from jwt import PyJWKClient, PyJWKClientConnectionError, PyJWTError, decode

from backend.api.schemas.fields import decimal
from backend.errors import AppError, Unavailable


class Unauthorized(AppError):
    status = 401
    code = "unauthorized"
    title = "Unauthorized"
    detail = "Send a valid token: `Authorization: Bearer …`."


class KeysUnavailable(Unavailable):
    code = "keys_unavailable"
    title = "Keys unavailable"
    detail = "The keys that verify tokens cannot be read. Nothing was done; try again."


class Verifier:
    """Takes the place of `get_caller`: the `sub` of a valid token is the user's id."""

    def __init__(self, jwks_url: str, issuer: str, audience: str, cooldown: float = 30) -> None:
        # Kept for 5 minutes; read again for a key that is not known, at most each `cooldown`
        # seconds: whoever invents keys does not make us ask for them.
        self._keys = PyJWKClient(jwks_url, timeout=3, cooldown_duration=cooldown)
        self._issuer, self._audience = issuer, audience

    async def __call__(self, request: Request) -> int:
        """The caller's id. Raises Unauthorized or KeysUnavailable."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        refused = Unauthorized(headers={"WWW-Authenticate": "Bearer"})
        if scheme.lower() != "bearer":
            raise refused
        try:
            return await to_thread.run_sync(self._subject, token)  # it may have to read the keys
        except PyJWKClientConnectionError:
            raise KeysUnavailable from None
        except (PyJWTError, ValueError):
            raise refused from None

    def _subject(self, token: str) -> int:
        claims = decode(
            token,
            self._keys.get_signing_key_from_jwt(token),
            algorithms=["RS256", "ES256"],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": ["exp", "sub"]},
        )
        return decimal(claims["sub"])
