"""`make` repairs the environment that it finds, or says in one line why it cannot."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.tests.support.databases import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

STAMP = ".installed-run"


def make(folder: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """What `make run` does first, in an environment elsewhere and without installing a package."""
    variables = [f"VENV={folder}", f"PYTHON={python}", "INSTALL=-c pass"]
    command = ["make", "--no-print-directory", *variables, str(folder / STAMP)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def has_pip(folder: Path) -> bool:
    command = [str(folder / "bin/python"), "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An environment without pip, as an interrupted start leaves it, and with a user's file."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (folder / "file").touch()
    return folder


@pytest.fixture
def whole(folder: Path) -> Path:
    """An environment whose pip does nothing, which is quicker to make than a real one."""
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "pip.py").touch()
    return folder


def test_an_environment_without_pip_is_made_anew(folder: Path) -> None:
    assert not has_pip(folder)
    done = make(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Installing the service and an embedded PostgreSQL" in done.stdout
    assert has_pip(folder)
    assert (folder / STAMP).exists()
    assert not (folder / "file").exists()


@pytest.fixture
def quick(tmp_path: Path) -> str:
    """A Python whose environments come without pip: that they have one, another test shows."""
    quick = tmp_path / "python"
    quick.write_text(
        "#!/bin/sh\n"
        f'test "$1 $2" = "-m venv" && exec {sys.executable} -m venv --without-pip "$3"\n'
        f'exec {sys.executable} "$@"\n'
    )
    quick.chmod(0o755)
    return str(quick)


def test_after_an_interrupted_installation_the_environment_is_made_anew(
    whole: Path, quick: str
) -> None:
    (whole / ".unfinished").touch()
    assert make(whole, quick).returncode == 0
    assert (whole / STAMP).exists()
    assert not (whole / "file").exists()
    assert not (whole / ".unfinished").exists()


def test_while_another_make_installs_a_second_one_leaves_the_environment_alone(whole: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        (whole / ".unfinished").write_text(f"{other.pid}\n")
        done = make(whole)
        other.kill()
    assert done.returncode
    assert done.stderr.startswith(f"Process {other.pid} is installing into {whole}: ")
    assert (whole / "file").exists()
    assert make(whole).returncode == 0, "the other one has ended in the middle"
    assert not (whole / "file").exists()


def test_a_whole_environment_is_kept_and_left_alone(whole: Path) -> None:
    assert make(whole).returncode == 0
    assert (whole / "file").exists()
    assert "is up to date" in make(whole).stdout


def test_a_failed_installation_is_not_taken_for_a_whole_one(whole: Path) -> None:
    command = ["make", f"VENV={whole}", "INSTALL=-c 'raise SystemExit(1)'", str(whole / STAMP)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode
    assert not (whole / STAMP).exists()
    assert (whole / ".unfinished").exists()


def test_without_venv_or_with_an_old_python_one_line_says_what_to_do(tmp_path: Path) -> None:
    without_venv = tmp_path / "python"
    without_venv.write_text("#!/bin/sh\necho 'ModuleNotFoundError: ensurepip' >&2; exit 1\n")
    without_venv.chmod(0o755)
    for python in (str(without_venv), str(tmp_path / "none")):
        done = make(tmp_path / "venv", python)
        line, *rest = done.stderr.splitlines()
        assert line.startswith("Python 3.11 or newer with venv is needed: ")
        assert "python3-venv" in line
        assert all(re.match(r"make(\[\d+\])?: \*\*\*", text) for text in rest)
        assert done.returncode
        assert not (tmp_path / "venv").exists()
