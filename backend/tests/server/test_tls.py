"""An address as Neon prints it, against a real server: TLS, SCRAM, channel binding, a root."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from backend.tests.support.commands import Done, command
from backend.tests.support.databases import NOWHERE
from backend.tests.support.server import running
from backend.tests.support.tls import (
    LOGIN_PASSWORD,
    NAME,
    OWNER_PASSWORD,
    Encrypted,
    encrypted_server,
    execute_as_owner,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Encrypted]:
    """With a migrated database, and a login of the service."""
    with encrypted_server() as server:
        execute_as_owner(
            server,
            f"CREATE ROLE owner LOGIN CREATEROLE PASSWORD '{OWNER_PASSWORD.replace('%', '%%')}'",
            "CREATE DATABASE tasks OWNER owner",
        )
        done = command("alembic", "upgrade", "head", url=NOWHERE, **urls(server))
        assert done.returncode == 0, done.stderr
        execute_as_owner(
            server, f"CREATE ROLE app LOGIN IN ROLE tasks_runtime PASSWORD '{LOGIN_PASSWORD}'"
        )
        yield server


def urls(server: Encrypted, host: str = NAME, **options: str) -> dict[str, str]:
    """Both settings, as Neon prints them, with this server's root."""
    query = {
        "sslmode": "verify-full",
        "sslrootcert": str(server.root),
        "channel_binding": "require",
        **options,
    }
    end = f"{host}:{server.port}/tasks?" + "&".join(f"{k}={v}" for k, v in query.items() if v)
    owner, app = quote(OWNER_PASSWORD, safe=""), quote(LOGIN_PASSWORD, safe="")
    return {
        "DATABASE_URL": f"postgresql://app:{app}@{end}",
        "MIGRATION_DATABASE_URL": f"postgresql://owner:{owner}@{end}",
    }


def doctor(server: Encrypted, **settings: str) -> Done:
    return command("backend.commands.doctor", url=NOWHERE, **settings)


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
def test_the_service_works_with_channel_binding_and_a_checked_certificate(
    encrypted: Encrypted,
) -> None:
    with running(NOWHERE, **urls(encrypted)) as server:
        assert server.client.get("/health/ready").status_code == 200
        assert server.client.post("/api/1/tasks", json={"title": "x"}).status_code == 201


@pytest.mark.requirement("NFR-28")
def test_the_doctor_says_how_the_connection_is_encrypted(encrypted: Encrypted) -> None:
    done = doctor(encrypted, **urls(encrypted))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "database, TLS: TLSv1.3; of the certificate its issuer and name are checked" in done.stdout
    )
    unchecked = doctor(encrypted, **urls(encrypted, sslmode="require", sslrootcert=""))
    assert "the certificate is not checked: use sslmode=verify-full" in unchecked.stdout
    assert unchecked.returncode == 0


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize(
    ("host", "options", "said"),
    [
        ("127.0.0.1", {}, "does not match host name"),
        (NAME, {"sslrootcert": "/nowhere/root.pem"}, "root.pem"),
        (NAME, {"sslrootcert": "", "sslmode": "disable"}, "channel binding required"),
    ],
    ids=["another name", "no root", "no encryption"],
)
def test_what_is_wrong_with_a_certificate_is_one_line(
    encrypted: Encrypted, host: str, options: dict[str, str], said: str
) -> None:
    settings = urls(encrypted, host, **options)
    done = doctor(encrypted, **settings)
    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("fail")]
    assert len(failed) == 2
    assert all(said in line for line in failed)
    migrated = command("alembic", "upgrade", "head", url=NOWHERE, **settings)
    assert migrated.returncode == 1
    [line] = migrated.stderr.splitlines()
    assert said in line
    for text in (done.stdout, migrated.stderr):
        assert "hunter2" not in text
        assert "p@ss" not in text


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
def test_a_wrong_password_is_one_line_without_it(encrypted: Encrypted) -> None:
    settings = {name: url.replace("hunter2", "hunter3") for name, url in urls(encrypted).items()}
    done = doctor(encrypted, **settings)
    assert done.returncode == 1
    assert 'password authentication failed for user "app"' in done.stdout
    assert "hunter" not in done.stdout + done.stderr
