"""Routes that take one spelling: strict JSON (RFC 8259), no unknown or repeated query parameter."""

import json
import math
from collections.abc import Callable, Coroutine
from email.message import Message
from functools import lru_cache
from typing import Any, get_origin
from urllib.parse import unquote_to_bytes

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Path
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from backend.api.plan import plan_of
from backend.errors import FieldError, InvalidRequest, MalformedJson, UnsupportedMediaType

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
MOST_MEMBERS = 100
_SINGLE_HEADERS = (b"content-type", b"content-encoding", b"idempotency-key")
_NULL = FieldError("body", "must not be null", "null")
_MERGE_PATCH = "application/merge-patch+json"


def _refuse(text: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is out of range")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        raise ValueError("an object has more members than any of ours")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _require_text(value: Any) -> None:
    """Refuse NUL and lone surrogates, which no text column can hold, in any string."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("NUL")
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _require_text(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_text(name)
            _require_text(item)


def parse_json(body: bytes) -> Any:
    """One JSON text: UTF-8, no BOM, finite numbers, no name twice; raises MalformedJson."""
    try:
        value = json.loads(
            body.decode(),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
        _require_text(value)
    except (ValueError, RecursionError) as error:
        raise MalformedJson from error
    return value


def _require_json(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body says that it is JSON, not compressed."""
    media_type, charset = _media_type(request.headers.get("content-type", ""))
    taken = {"application/json"} | ({_MERGE_PATCH} if request.method == "PATCH" else set())
    encoding = request.headers.get("content-encoding", "identity").lower()
    if media_type not in taken or charset != "utf-8" or encoding != "identity":
        raise UnsupportedMediaType


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> tuple[str, str]:
    """The type and the charset of a Content-Type."""
    message = Message()
    message["content-type"] = content_type
    return message.get_content_type(), str(message.get_param("charset", "utf-8")).lower()


class StrictRequest(Request):
    """A request whose body is read once, strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


def _is_utf8(encoded: bytes) -> bool:
    try:
        (unquote_to_bytes(encoded) if b"%" in encoded else encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


def _require_one_meaning(request: Request, known: set[str]) -> None:
    """Raise InvalidRequest for a parameter that is no UTF-8, and for a header that comes twice."""
    sent = [name for name, _ in request.scope["headers"]]
    errors = [
        FieldError(f"header.{name.decode()}", "must come only once", "repeated")
        for name in _SINGLE_HEADERS
        if sent.count(name) > 1
    ]
    for part in request.scope["query_string"].split(b"&"):
        if not _is_utf8(part):
            name = part.partition(b"=")[0].decode(errors="replace")
            place = f"query.{name}" if name in known else "query"
            errors.append(FieldError(place, "must be UTF-8", "encoding"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))


def _require_known(request: Request, known: set[str], repeatable: set[str]) -> None:
    """Raise InvalidRequest, not repeating it, for a parameter that is unknown or comes twice."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    errors = [
        FieldError(f"query.{name}", "must come only once", "repeated")
        for name in sorted(known - repeatable)
        if names.count(name) > 1
    ]
    if not known.issuperset(names):
        message = f"takes only: {', '.join(sorted(known))}" if known else "takes no parameter"
        errors.append(FieldError("query", message, "unknown_parameter"))
    if errors:
        raise InvalidRequest(errors=tuple(errors))


class StrictRoute(APIRoute):
    """A route that refuses what others would guess at."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As ever, but addresses that begin otherwise are not looked at any further."""
        beginning = self.path.partition("{")[0]
        if scope.get("root_path") or scope["path"].startswith(beginning):
            return super().matches(scope)
        return Match.NONE, {}

    def get_route_handler(self) -> Handler:
        general, plan = super().get_route_handler(), plan_of(self.dependant)
        overrides = getattr(self.dependency_overrides_provider, "dependency_overrides", {})
        parameters = get_flat_params(self.dependant)
        queries = [f for f in parameters if not isinstance(f.field_info, Path | Header)]
        known = {field.alias for field in queries}
        repeatable = {f.alias for f in queries if get_origin(f.field_info.annotation) is tuple}
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            _require_one_meaning(request, known)
            _require_known(request, known, repeatable)
            body: Any = None
            # Read in any case: a body over the limit must be refused before anything is done.
            if await request.body() and takes_body:
                _require_json(request)
                body = await request.json()
                if body is None:  # which would pass for no body
                    raise InvalidRequest(errors=(_NULL,))
            if plan is None or overrides:  # tests override, and with more than a plan knows
                return await general(request)
            return await plan.answer(request, body)

        return strict
