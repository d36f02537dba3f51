"""What operators are given as files: it names what there is, and its own tools take it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.config import Settings
from backend.observability.metrics import exposition
from backend.tests.support.databases import ROOT

pytestmark = [pytest.mark.requirement("FR-67"), pytest.mark.untraced]

OPS = ROOT / "ops"
NAME = re.compile(r"\btasks_\w+\b")
OWN_SUFFIXES = re.compile(r"_(?:bucket|sum|count)$")
DOCUMENTED = re.compile(r"`(tasks_\w+)`")


def exposed() -> set[str]:
    """The names that `/metrics` tells, whether or not they have a number yet."""
    text = exposition("1", "")[0].decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    return kinds.keys() | {f"{name}_bucket" for name, kind in kinds.items() if kind == "histogram"}


def queries(of: Any) -> list[str]:
    """Every expression, wherever it stands."""
    if isinstance(of, dict):
        own = [of["expr"]] if isinstance(of.get("expr"), str) else []
        return own + [query for part in of.values() for query in queries(part)]
    return [query for part in of for query in queries(part)] if isinstance(of, list) else []


def run(*command: str | Path) -> None:
    """Run a tool that takes a file or says what is wrong with it; skip where it is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=OPS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_and_the_rules_name_numbers_that_there_are_and_show_all_of_them() -> None:
    dashboard = json.loads((OPS / "dashboard.json").read_text())
    rules = yaml.safe_load((OPS / "alerts.yaml").read_text())
    shown = {name for query in queries(dashboard) for name in NAME.findall(query)}
    watched = {name for query in queries(rules) for name in NAME.findall(query)}
    assert shown <= exposed()
    assert watched <= exposed()
    assert exposed() <= {OWN_SUFFIXES.sub("", name) for name in shown} | shown
    panels = [panel["id"] for panel in dashboard["panels"]]
    assert len(panels) == len(set(panels))


def test_the_runbook_explains_every_number() -> None:
    told = set(DOCUMENTED.findall((ROOT / "docs/monitoring.md").read_text()))
    assert told == {name for name in exposed() if not name.endswith("_bucket")}


def test_prometheus_takes_the_rules_and_their_tests_pass() -> None:
    run("promtool", "check", "rules", "alerts.yaml")
    run("promtool", "test", "rules", "alerts-tests.yaml")


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (OPS / "tasks.service").read_text()
    present = unit.replace("/opt/tasks/.venv/bin/python", shutil.which("true") or "")
    (tmp_path / "tasks.service").write_text(present.replace("/opt/tasks", str(tmp_path)))
    run("systemd-analyze", "verify", tmp_path / "tasks.service")


def test_the_container_has_what_the_service_needs_and_no_more(tmp_path: Path) -> None:
    lines = (ROOT / "Containerfile").read_text()
    assert "\nUSER 10001:10001\n" in lines
    assert "HEALTHCHECK" in lines
    ignore = (ROOT / ".containerignore").read_text()
    assert ignore == (ROOT / ".dockerignore").read_text()
    kept = {line[1:] for line in ignore.splitlines() if line.startswith("!")}
    copied = {
        name
        for names in re.findall(r"^COPY ((?!--from).+) \S+$", lines, re.MULTILINE)
        for name in names.split()
    }
    assert kept == copied
    assert {"requirements.lock", "backend", "alembic.ini"} < kept


def test_the_composition_starts_each_service_after_what_it_needs() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    order = {name: set(one.get("depends_on", ())) for name, one in services.items()}
    assert order == {
        "database": set(),
        "migrate": {"database"},
        "login": {"migrate"},
        "service": {"login"},
    }
    assert services["service"]["ports"] == ["127.0.0.1:8000:8000"]
    known = {name.upper() for name in Settings.model_fields}
    for name in ("migrate", "service"):
        assert services[name]["environment"].keys() <= known
