"""The database and the service fail, and nothing is lost."""
