"""The reasons of outages that a test has logged."""

import pytest

from backend.tests.support.databases import POOLED

IN_THE_WAY = "a pooler is in the way of prepared statements: none from now on"


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Each line of them; behind a pooler without the one about it, which comes at some time."""
    lines = [one.getMessage() for one in caplog.records if one.name == "backend.incidents"]
    return [line for line in lines if not (POOLED and line == IN_THE_WAY)]
