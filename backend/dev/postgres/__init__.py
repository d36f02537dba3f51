"""The embedded PostgreSQL: a real server, without an installation."""
