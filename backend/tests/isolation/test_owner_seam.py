"""A token check put into the one seam guards both surfaces; no route and no query changes."""

from collections.abc import Iterator

import pytest
from fastapi import Request

from backend.api.dependencies import get_caller
from backend.errors import AppError
from backend.tests.support.api import Api
from backend.tests.support.recorder import RecordingClient
from backend.tests.support.surfaces import VERBS, Surface

TOKENS = {"Bearer token-of-1": 1, "Bearer token-of-2": 2}


class Unauthorized(AppError):
    status = 401
    code = "unauthorized"
    title = "Unauthorized"
    detail = "A token is needed."


async def caller_of_token(request: Request) -> int:
    """What the JWT phase will do, in small."""
    try:
        return TOKENS[request.headers.get("authorization", "")]
    except KeyError:
        raise Unauthorized from None


@pytest.fixture
def guarded(client: RecordingClient) -> Iterator[RecordingClient]:
    """The service with a token check in its seam."""
    overrides = client.app.dependency_overrides
    overrides[get_caller] = caller_of_token
    yield client
    del overrides[get_caller]


def headers(owner: int) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{owner}"}


@pytest.mark.requirement("FR-11")
@pytest.mark.parametrize("verb", ["create", "list", *VERBS])
def test_the_seam_guards_every_verb(guarded: RecordingClient, surface: Surface, verb: str) -> None:
    api = Api(guarded, surface)
    mine = api.create(headers(1), title="x").json()
    request = api.every(mine["id"])[verb]
    without = api.send(request)
    other = api.send(request, headers(2))
    nothing_executed = api.statements == []
    own = api.send(request, headers(1))
    assert (without.status_code, other.status_code) == (401, 403)
    assert nothing_executed
    assert own.is_success


@pytest.mark.requirement("FR-11")
def test_without_authentication_the_claim_is_trusted(api: Api) -> None:
    """Said in the README's first screen: this phase verifies nobody."""
    task = api.of(7).create(title="x").json()
    anybody = api.of(7).read(task["id"], headers=headers(1))
    assert anybody.json() == task
