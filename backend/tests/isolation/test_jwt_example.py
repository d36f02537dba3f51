"""examples/jwt: one function replaced, and no address of an owner is served without a token."""

import importlib.util
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from backend.api.dependencies import get_caller
from backend.tests.support.databases import ROOT
from backend.tests.support.documented import Sample, operations
from backend.tests.support.problems import require_problem
from backend.tests.support.recorder import RecordingClient

pytestmark = [pytest.mark.slow, pytest.mark.requirement("FR-64", "FR-11")]

EXAMPLE = ROOT / "examples/jwt/verifier.py"
ISSUER, AUDIENCE = "https://login.test", "tasks"


class Keys(ThreadingHTTPServer):
    """A JWKS address, whose keys change."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = 0
        self.rotate("first")

    def rotate(self, name: str) -> None:
        """One new key instead of all others."""
        self.name, self.key = name, rsa.generate_private_key(65537, 2048)

    @property
    def published(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.name, "use": "sig", "alg": "RS256"}]}

    def token(self, key: Any = None, algorithm: str = "RS256", **claims: object) -> str:
        """A valid one of the first owner, but for what is given."""
        whole = {"sub": "1", "iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60, **claims}
        given = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(given, key or self.key, algorithm, headers={"kid": self.name})


class Handler(BaseHTTPRequestHandler):
    server: Keys

    def do_GET(self) -> None:
        self.server.asked += 1
        body = json.dumps(self.server.published).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing of it belongs in the tests' output."""


@pytest.fixture
def keys() -> Iterator[Keys]:
    with Keys() as keys:
        threading.Thread(target=keys.serve_forever, daemon=True).start()
        yield keys
        keys.shutdown()


@pytest.fixture
def guarded(client: RecordingClient, keys: Keys) -> RecordingClient:
    """The service with the example in its seam; the fixture `client` takes it out again."""
    spec = importlib.util.spec_from_file_location("example_verifier", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    address = f"http://127.0.0.1:{keys.server_port}/keys"
    verifier = module.Verifier(address, ISSUER, AUDIENCE, cooldown=0.2)
    client.app.dependency_overrides[get_caller] = verifier
    return client


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_every_address_of_an_owner_is_guarded(guarded: RecordingClient, keys: Keys) -> None:
    """By the document: both surfaces, the feed, events, batches, and what is added later."""
    mine, others = bearing(keys.token()), bearing(keys.token(sub="2"))
    task, other = (
        guarded.post("/api/1/tasks", json={"title": title}, headers=mine).json()["id"]
        for title in ("a", "b")
    )
    walked = [operation for operation in operations(guarded.app) if operation.has_owner]
    assert {one.path for one in walked} == {
        path for path in guarded.app.openapi()["paths"] if path.startswith("/api/")
    }
    for operation in walked:
        for headers, status, code in ((others, 403, "forbidden"), ({}, 401, "unauthorized")):
            request = Sample(operation, task, other)
            request.headers |= headers
            answer = request.send(guarded)
            require_problem(answer, status, code)
            assert guarded.recorder.statements == [], operation.name
            assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)
        own = Sample(operation, task, other)
        own.headers |= mine
        if not operation.path.endswith("/events"):  # which has no end
            assert own.send(guarded).status_code in {200, 201, 204}, operation.name
            guarded.post(f"/api/1/tasks/{task}/restore", headers=mine)
    assert guarded.head("/api/1/tasks/events", headers=mine).status_code == 200
    assert keys.asked == 1, "the keys are kept"


def test_a_token_that_is_not_valid_in_every_way_is_refused(
    guarded: RecordingClient, keys: Keys
) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    for token in (
        *(keys.token(exp=time.time() - 1), keys.token(exp=None), keys.token(sub=None)),
        *(keys.token(iss="https://other.test"), keys.token(aud="other"), keys.token(aud=None)),
        *(keys.token(sub="01"), keys.token(sub="-1"), keys.token(sub="anna"), keys.token(sub="")),
        *(keys.token(nbf=time.time() + 60), keys.token(stranger), "", "a.b.c"),
        keys.token(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        keys.token("a secret that nobody should be asked for", "HS256"),
        jwt.encode({"sub": "1", "aud": AUDIENCE, "iss": ISSUER}, "", "none"),
    ):
        answer = guarded.get("/api/1/tasks", headers=bearing(token))
        assert answer.status_code in {401, 403}, token
        assert guarded.recorder.statements == []
    basic = guarded.get("/api/1/tasks", headers={"Authorization": f"Basic {keys.token()}"})
    require_problem(basic, 401, "unauthorized")
    assert guarded.get("/api/1/tasks", headers=bearing(keys.token())).status_code == 200


def test_keys_are_rotated_without_a_restart(guarded: RecordingClient, keys: Keys) -> None:
    old = bearing(keys.token())
    assert guarded.get("/api/1/tasks", headers=old).status_code == 200
    keys.rotate("second")
    time.sleep(0.25)  # no key is looked for sooner than this after the last time
    new = bearing(keys.token())
    assert guarded.get("/api/1/tasks", headers=new).status_code == 200
    assert guarded.get("/api/1/tasks", headers=old).status_code == 401
    assert keys.asked <= 3


def test_without_keys_the_answer_is_503_and_nothing_is_done(
    guarded: RecordingClient, keys: Keys
) -> None:
    keys.shutdown()
    keys.server_close()
    answer = guarded.get("/api/1/tasks", headers=bearing(keys.token()))
    require_problem(answer, 503, "keys_unavailable")
    assert guarded.recorder.statements == []


def test_it_is_short_and_the_service_itself_has_no_authentication() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 60
    dependencies = (ROOT / "requirements.lock").read_text()
    assert "pyjwt" not in dependencies
    for file in (ROOT / "backend").rglob("*.py"):
        if "tests" not in file.parts:
            assert "import jwt" not in file.read_text()
