class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be used; the message is for a person."""
