"""For development and tests alone; nothing in production imports it."""
