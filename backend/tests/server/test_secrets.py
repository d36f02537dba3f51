"""No password in anything that the service writes or says, wherever a URL carries it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy.engine import URL

from backend.config import load_settings
from backend.tests.support.databases import ROOT
from backend.tests.support.forks import run
from backend.tests.support.server import Server, environment, running
from backend.tests.unit.test_settings import SECRET

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

SPECIAL = f"{SECRET}:/@?#%& '\"é"
"""It begins with what is looked for: whatever way it is quoted or cut, that would be seen."""
FORMS = {
    "user:password@": f"postgresql://u:{quote(SPECIAL, safe='')}@127.0.0.1:1/none",
    "?password=": f"postgresql://u@127.0.0.1:1/none?password={quote(SPECIAL, safe='')}",
    "?sslpassword=": f"postgresql://u@127.0.0.1:1/none?sslpassword={SECRET}",
    "plain": f"postgresql://u:{SECRET}@127.0.0.1:1/none",
}
FILES = ROOT / "examples/files/tasks.csv"
COMMANDS = {
    "alembic": ["alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"],
    "purge": ["backend.commands.purge", "--older-than", "30d"],
    "make run": ["backend.dev.run"],
    "export": ["backend.commands.export", "--owner", "1", "--format", "json"],
    "import": ["backend.commands.import", "--owner", "1", "--format", "csv", str(FILES)],
    "refill": ["backend.commands.refill_search"],
    "restored": ["backend.commands.restored"],
    "doctor": ["backend.commands.doctor"],
}
NOWHERE = URL.create("postgresql", host="127.0.0.1", port=1, database="none")


def urls(form: str) -> dict[str, str]:
    return dict.fromkeys(("DATABASE_URL", "MIGRATION_DATABASE_URL"), FORMS[form])


@contextmanager
def serving(form: str, log_format: str) -> Iterator[Server]:
    """The server process, which has never reached its database."""
    log = {"LOG_LEVEL": "debug", "LOG_FORMAT": log_format}
    with running(NOWHERE, **urls(form), **log, REQUEST_TIMEOUT="0.5") as server:
        yield server


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize("form", ["user:password@", "?password="])
def test_a_password_of_any_characters_arrives_whole(form: str) -> None:
    assert load_settings(_env_file=None, database_url=FORMS[form]).url.password == SPECIAL


@pytest.mark.requirement("NFR-02", "FR-12")
@pytest.mark.parametrize(
    ("form", "log_format"), [("user:password@", "text"), ("?password=", "json")]
)
def test_no_answer_and_no_log_line_shows_a_password(form: str, log_format: str) -> None:
    with serving(form, log_format) as server:
        said = [
            server.client.get("/health/ready"),
            server.client.get("/api/1/tasks"),
            server.client.post("/api/1/tasks", json={"title": "x"}),
            server.client.get("/openapi.json"),
        ]
        log = server.stop()
    assert [answer.status_code for answer in said] == [503, 503, 503, 200]
    assert log
    for text in (log, *map(shown, said)):
        assert SECRET not in text


def shown(answer: httpx.Response) -> str:
    return f"{answer.text} {answer.headers}"


@pytest.mark.requirement("NFR-02")
@pytest.mark.parametrize(("module", "form"), [*zip(COMMANDS, cycle(FORMS), strict=False)])
def test_no_command_that_fails_shows_a_password(module: str, form: str) -> None:
    """Traces, where a command ends with one, included."""
    env = environment(NOWHERE, **urls(form), LOG_LEVEL="debug")
    done = run(*COMMANDS[module], env=env)
    assert done.returncode == 1
    assert done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
