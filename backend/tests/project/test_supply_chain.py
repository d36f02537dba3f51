"""What is installed is what was reviewed: exact versions, and the digests of their files."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from backend.dev import audit
from backend.tests.support.databases import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
Entries = list[str | dict[str, str]]
REQUIRED: Entries = PROJECT["project"]["dependencies"]
GROUPS: dict[str, Entries] = PROJECT["dependency-groups"]
LOCKS: dict[str, Entries] = {
    "requirements.lock": REQUIRED,
    "requirements-run.lock": [{"include-group": "run"}],
    "requirements-dev.lock": [*REQUIRED, {"include-group": "dev"}],
    "clients/requirements.lock": [{"include-group": "clients"}],
    "requirements-tools.lock": [{"include-group": "tools"}],
    "requirements-telemetry.lock": [{"include-group": "telemetry"}],
    "bench/requirements.lock": [{"include-group": "bench"}],
}
"""What pyproject.toml asks for in each lock."""
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; [^\\]+)? \\\n"
    r"(?P<digests>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)
Entry = tuple[str, frozenset[str]]
OFFLINE = "requests.exceptions.ConnectionError: no route\n"
LOCKED = {"fastapi", "idna"}


def locked(name: str) -> dict[str, Entry]:
    """Each package of a lock, with its version and its digests."""
    text = (ROOT / name).read_text()
    return {
        match["name"]: (match["version"], frozenset(re.findall(r"\w{64}", match["digests"])))
        for match in ENTRY.finditer(text)
    }


def normalised(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(entries: Iterable[str | dict[str, str]]) -> dict[str, str]:
    """Each package that a list of pyproject.toml asks for, with its version ('' for any)."""
    found: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, str):
            name, _, version = entry.partition("==")
            found[normalised(name)] = version
        else:
            found |= wanted(GROUPS[entry["include-group"]])
    return found


@pytest.mark.requirement("NFR-07")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_digests_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    rest = [line for line in ENTRY.sub("", text).splitlines() if not line.startswith("#")]
    assert rest == []
    assert len(locked(lock)) > 3
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host|file:|@", text)


@pytest.mark.requirement("NFR-07")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_of_its_list(lock: str) -> None:
    versions = {name: version for name, (version, _) in locked(lock).items()}
    for name, version in wanted(LOCKS[lock]).items():
        assert versions[name] == version or (lock.startswith("bench/") and not version), name


@pytest.mark.requirement("NFR-07")
def test_requirements_txt_is_what_runs_the_service_and_its_tests() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = [line for line in lines if not line.startswith("#")]
    assert wanted(listed) == wanted([*REQUIRED, {"include-group": "test"}])
    assert {"fastapi", "sqlmodel", "uvicorn", "psycopg2-binary"} <= wanted(listed).keys()
    assert {"alembic", "pydantic-settings", "pytest", "httpx"} <= wanted(listed).keys()


@pytest.mark.requirement("NFR-07")
def test_all_run_on_the_same_versions_of_what_they_share() -> None:
    development = locked("requirements-dev.lock")
    assert locked("requirements.lock").items() <= development.items()
    assert locked("requirements-run.lock").items() <= development.items()
    assert locked("requirements-telemetry.lock").items() <= development.items()
    peers = locked("bench/requirements.lock")
    assert {"fastapi", "starlette", "psycopg2-binary"} <= peers.keys() & development.keys()
    for name in peers.keys() & development.keys():
        assert peers[name] == development[name]


def top_level_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.requirement("NFR-07")
def test_production_installs_what_the_service_imports_and_no_tool() -> None:
    production = locked("requirements.lock").keys()
    others = {*GROUPS} - {"bench"}  # which shares the stack
    assert production & wanted({"include-group": group} for group in others).keys() == set()
    distributions = packages_distributions()
    for file in (ROOT / "backend").rglob("*.py"):
        if {"tests", "dev", "testing.py"} & set(file.relative_to(ROOT).parts):
            continue
        for module in {*top_level_imports(file)} - {*sys.stdlib_module_names, "backend"}:
            assert {normalised(name) for name in distributions[module]} & production, module


def test_the_project_has_the_version_that_the_service_tells() -> None:
    document = yaml.safe_load(
        (ROOT / "specs/001-backend-task-api/contracts/openapi.yaml").read_text()
    )
    assert PROJECT["project"]["version"] == document["info"]["version"]


@pytest.mark.requirement("NFR-07")
@pytest.mark.parametrize("name", ["psycopg2-binary", "sqlalchemy", "pydantic-core"])
def test_a_compiled_package_is_locked_for_every_platform(name: str) -> None:
    _, digests = locked("requirements.lock")[name]
    assert len(digests) > 20


@pytest.mark.requirement("NFR-07")
def test_nothing_is_installed_without_its_digest() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = [line for line in makefile.splitlines() if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert makefile.count("$(INSTALL)") == 1
    documented = re.findall(r"pip install .*", (ROOT / "README.md").read_text())
    assert documented
    assert all("--require-hashes -r requirements.lock" in line for line in documented)


def test_the_hooks_run_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text()
    [recipe] = re.findall(r"^check: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    [local] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == commands
    assert {hook["language"] for hook in local["hooks"]} == {"system"}


def answer(*vulnerable: str) -> str:
    """What pip-audit prints for the locked packages."""
    one = {"id": "PYSEC-1", "fix_versions": ["9.9"]}
    return json.dumps(
        {
            "dependencies": [
                {"name": name, "version": "1", "vulns": [one] if name in vulnerable else []}
                for name in sorted(LOCKED)
            ]
        }
    )


SKIPPED = json.dumps({"dependencies": [{"name": "idna", "skip_reason": "x"}]})


@pytest.mark.requirement("NFR-07")
@pytest.mark.parametrize(
    ("output", "errors", "status", "said"),
    [
        (answer(), "", 0, "2 packages, no known vulnerability"),
        (answer("idna"), "", 1, "idna 1: PYSEC-1, mended in ['9.9']"),
        ("", f"Traceback\n{OFFLINE}", 2, f"Nothing was audited, .*: {OFFLINE.strip()}"),
        ("", "", 2, "Nothing was audited, .*: no reason given"),
        ("{}", "", 2, "Nothing was audited, .*"),
        (SKIPPED, "", 2, "The audit is not complete, without: fastapi, idna"),
    ],
)
def test_an_audit_that_could_not_ask_never_says_that_all_is_well(
    output: str, errors: str, status: int, said: str
) -> None:
    code, line = audit.verdict(output, errors, LOCKED)
    assert code == status
    assert re.fullmatch(said, line) or said == line


@pytest.mark.requirement("NFR-07")
@pytest.mark.parametrize(("offline", "status", "lines"), [(True, 2, 1), (False, 1, 3)])
def test_the_audit_of_every_lock_ends_with_its_worst(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    offline: bool,
    status: int,
    lines: int,
) -> None:
    monkeypatch.setattr(audit, "pinned", lambda _: LOCKED)
    monkeypatch.setattr("subprocess.run", offline_run if offline else first_is_vulnerable())
    with pytest.raises(SystemExit) as end:
        audit.main()
    assert end.value.code == status
    assert len(capsys.readouterr().out.splitlines()) == lines


def offline_run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(command, 1, "", OFFLINE)


def first_is_vulnerable() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert Path(command[-1]).is_file()
        found = answer("idna") if command[-1].endswith("requirements-dev.lock") else answer()
        return subprocess.CompletedProcess(command, 1, found, "")

    return run


@pytest.mark.requirement("NFR-07")
def test_an_audit_without_its_tool_is_one_line_and_no_success() -> None:
    """As a process, in the environment of development, which has no pip-audit."""
    command = [sys.executable, "-m", "backend.dev.audit"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    [line] = done.stdout.splitlines()
    assert "Nothing was audited" in line


def test_the_locks_are_read_as_the_audit_reads_them() -> None:
    text = (ROOT / "requirements-dev.lock").read_text()
    assert {"fastapi", "mypy"} <= audit.pinned(text) <= locked("requirements-dev.lock").keys()
