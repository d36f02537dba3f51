"""`uvicorn backend.main:app`: the application with the settings of this process."""

from backend.app import create_app
from backend.config import get_settings
from backend.observability.logs import configure_logging

configure_logging(get_settings())
app = create_app(get_settings())
