"""In your own repository: this line, and the service's folder on PYTHONPATH."""

pytest_plugins = ["backend.testing"]
