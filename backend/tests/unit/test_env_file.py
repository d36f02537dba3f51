"""The `.env` file: read as it stands, with a warning for a name that is nearly a setting's."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from backend.config import SettingsError, load_settings


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize(
    "written", ["DATABASE_URL={}", "DATABASE_URL='{}'", "export database_url={}"]
)
@pytest.mark.parametrize("start", ["", "\ufeff", "# a comment\r\n"])
@pytest.mark.parametrize("password", ["${x}", "a${NOT_SET_9}b", "a#b", "a%40b", "p@ss", "$HOME"])
def test_the_file_is_read_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str, start: str, password: str
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / ".env"
    line = written.format(f"postgresql://u:{password}@h/d")
    file.write_text(f"{start}{line}\n", encoding="utf-8", newline="")
    assert load_settings(_env_file=file).url.password == unquote(password)


@pytest.mark.requirement("NFR-28")
@pytest.mark.threat(43)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_reference_to_a_variable_that_exists_is_not_taken_for_a_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    file = tmp_path / ".env"
    text = "DATABASE_URL=postgresql://u:${DB_PW_77}@h/d\n"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if place == "environment":
        monkeypatch.setenv("DB_PW_77", "hunter2secret")
    else:
        text = f"DB_PW_77=hunter2secret\n{text}"
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        load_settings(_env_file=file)
    line = str(error.value.code)
    assert line.startswith("Settings: DATABASE_URL in .env refers to a variable")
    assert "hunter2" not in line
    assert "DB_PW" not in line
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:other@h/d")
    assert load_settings(_env_file=file).url.password == "other"


@pytest.mark.requirement("NFR-28")
@pytest.mark.parametrize(
    ("name", "meant"),
    [("DATABSE_URL", "DATABASE_URL"), ("CORS_ORIGIN", "CORS_ORIGINS"), ("loglevel", "LOG_LEVEL")],
)
def test_a_name_misspelt_in_the_file_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, meant: str
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=hunter2secret\nNODE_ENV=production\nDEV_POSTGRES_DIR=/x\nPGUSER=me\n")
    for _ in range(2):
        load_settings(_env_file=file, database_url="postgresql://h/d")
    ours = [record.getMessage() for record in caplog.records if record.name == "backend.config"]
    assert len(ours) <= 1  # of another test's file it has been said already
    assert all(f"is {meant} meant?" in line and "hunter2" not in line for line in ours)
    assert "hunter2" not in caplog.text


@pytest.mark.requirement("NFR-28")
@pytest.mark.parametrize("content", [b"PORT=1\n\xff\xfe", "PORT=1\n".encode("utf-16")])
def test_a_file_that_is_not_utf8_ends_the_start_with_one_line(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env cannot be read: is not UTF-8"):
        load_settings(_env_file=file)
