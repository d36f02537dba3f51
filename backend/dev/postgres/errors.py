class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be had; the message is for a person."""
