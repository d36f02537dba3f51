"""What the code may know of FastAPI: its public modules, of the version that was reviewed."""

import fastapi
import pytest

from backend.tests.conftest import REVIEWED_FASTAPI, require_reviewed_framework
from backend.tests.support.source import SERVICE, TESTS, imported


def is_private(name: str) -> bool:
    """Whether a dotted name is of the framework, and a part of it begins with an underscore."""
    root, *parts = name.split(".")
    return root in {"fastapi", "starlette"} and any(part.startswith("_") for part in parts)


@pytest.mark.requirement("NFR-18")
def test_no_private_module_of_the_framework_is_imported() -> None:
    assert is_private("fastapi.telemetry._api.get_telemetry_data")
    assert not is_private("fastapi.routing.APIRoute")
    for file in SERVICE + TESTS:
        assert not [name for name in imported(file) if is_private(name)], file


@pytest.mark.requirement("NFR-18")
def test_the_suite_does_not_start_with_another_minor_version_of_fastapi() -> None:
    require_reviewed_framework(fastapi.__version__)
    major, minor = REVIEWED_FASTAPI.split(".")
    require_reviewed_framework(f"{major}.{minor}.99")
    for other in (f"{major}.{int(minor) + 1}.0", f"{major}.{minor}0.0", f"{int(major) + 1}.0.0"):
        with pytest.raises(pytest.UsageError, match="FastAPI"):
            require_reviewed_framework(other)
