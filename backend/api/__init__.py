"""The HTTP API: requests become service calls, and results become responses."""
