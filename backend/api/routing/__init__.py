"""Strict routes, and the resolution of a handler's arguments."""
