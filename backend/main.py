"""`uvicorn backend.main:app`: the application with the settings of this process."""

import sys

from backend.app import create_app
from backend.config import SettingsError, get_settings
from backend.observability.logs import configure_logging

try:
    _settings = get_settings()
except SettingsError as error:
    if "pytest" in sys.modules:  # which a SystemExit would end, with all other tests
        raise ImportError(f"{error}; tests take tasks_app: docs/testing.md") from None
    raise
configure_logging(_settings)
app = create_app(_settings)
