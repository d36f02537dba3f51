"""The tools of developers: the embedded PostgreSQL, the launcher, the audit."""
