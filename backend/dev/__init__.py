"""A real PostgreSQL, without an installation, for development and tests alone."""
