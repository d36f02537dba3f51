"""The suite. Nothing of the developer's own settings reaches it."""
