"""`make clients`: lint the document, generate clients from it, compile and run them."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.dev.openapi import EXPORT
from backend.dev.postgres.cluster import temporary_cluster
from backend.tests.support.databases import create_template, url_of
from backend.tests.support.server import running

FOLDER = Path(__file__).parent
GENERATED = FOLDER / "generated"
PYTHON = FOLDER / ".venv/bin"
NODE = FOLDER / "node_modules/.bin"
OPTIONS = ("--meta", "none", "--fail-on-warning")


def run(what: str, *command: str | Path) -> None:
    """Run a step; ends all with its output unless it succeeds."""
    print(f"{what} …", flush=True)
    path = {"PATH": f"{NODE}:{PYTHON}:/usr/bin:/bin", "HOME": str(GENERATED), "NO_COLOR": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=FOLDER, env=path, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{what} failed\n{done.stdout}{done.stderr}")


def lint() -> None:
    run("Spectral", "spectral", "lint", "--fail-severity=hint", EXPORT)
    run("Redocly", "redocly", "lint", "--max-problems=100", "--config=redocly.yaml", EXPORT)


def generate() -> None:
    """Everything anew: what is left of an older document must not help."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    typescript = GENERATED / "openapi-typescript.ts"
    run("openapi-typescript", "openapi-typescript", EXPORT, "-o", typescript)
    run("hey-api", "openapi-ts", "-i", EXPORT, "-o", GENERATED / "hey-api")
    run("orval", "orval", "--config", "orval.config.mjs")
    python = ("--path", EXPORT, "--output-path", GENERATED / "python", "--config", "python.yml")
    run("openapi-python-client", "openapi-python-client", "generate", *python, *OPTIONS)


def compile_all() -> None:
    run("tsc --strict", "tsc", "-p", ".")
    for trip in sorted((FOLDER / "trips").glob("*.ts")):
        out = f"--outfile=generated/{trip.stem}.mjs"
        run(f"esbuild {trip.name}", "esbuild", trip, "--bundle", "--format=esm", out)
    # Not `client.py`, whose template passes `*args: object` on.
    silent = ("--follow-imports=silent", "trips/python.py", "generated/python/models")
    run("mypy --strict", "mypy", "--strict", "--explicit-package-bases", *silent)


@contextmanager
def service() -> Iterator[str]:
    with (
        temporary_cluster() as cluster,
        running(url_of(cluster, create_template(cluster))) as server,
    ):
        yield f"http://127.0.0.1:{server.port}"


def travel() -> None:
    with service() as address:
        for trip in ("openapi-fetch", "hey-api", "orval"):
            run(f"{trip}: there and back", "node", f"generated/{trip}.mjs", address)
        run("python: there and back", PYTHON / "python", "-m", "trips.python", address)


if __name__ == "__main__":
    lint()
    generate()
    compile_all()
    travel()
    print("4 clients compiled, and went there and back.")
