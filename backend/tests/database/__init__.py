"""Migrations, statements and plans, and how the service waits for the database."""
