"""The table in specs/ is true: each test that it names exists; and what only the whole shows."""

import ast
import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from backend.api.openapi.page import files
from backend.tests.support.databases import ROOT
from backend.tests.support.source import SERVICE, imported

TABLE = ROOT / "specs/003-nothing-lost/owasp.md"
RISKS = {f"API{number}" for number in range(1, 11)}
OUTWARD = {"aiohttp", "ftplib", "http.client", "httpx", "httpx2", "requests", "smtplib", "urllib3"}
OUTWARD |= {"urllib.request", "webbrowser", "xmlrpc"}


def lines() -> list[str]:
    return [line for line in TABLE.read_text().splitlines() if line.startswith("| API")]


def existing(file: str) -> set[str]:
    """The tests of a file, read from its source."""
    tree = ast.parse((ROOT / "backend/tests" / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.requirement("NFR-06")
def test_each_of_the_ten_has_its_tests_and_they_exist() -> None:
    proved = set()
    for line in lines():
        for file, name in re.findall(r"`([\w/]+\.py)::(test_\w+)`", line):
            assert name in existing(file), f"{file}::{name}"
            proved.add(line.split()[1])
    assert proved == RISKS


@pytest.mark.requirement("FR-13")
def test_every_address_is_documented_or_known(shared_app: FastAPI) -> None:
    documented = set(shared_app.openapi()["paths"])
    routes = [one for one in iter_route_contexts(shared_app.routes) if one.path is not None]
    served = {route.path_format or route.path for route in routes}
    page = {f"/{file.address}" for file in files().values()}
    assert served - documented == {"/", "/docs", "/openapi.json"} | page


@pytest.mark.requirement("NFR-01")
def test_the_service_calls_nobody_but_its_database() -> None:
    for file in SERVICE:
        if "dev" not in file.parts:
            for name in imported(file):
                parts = name.split(".")
                assert not {".".join(parts[:n]) for n in (1, 2)} & OUTWARD, f"{file.name}: {name}"
