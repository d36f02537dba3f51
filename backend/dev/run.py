"""`make run`: a database if none is configured, the migrations, then the server."""

import os
import signal


def main() -> None:
    """Launch; Ctrl-C during the imports, before anything is started, ends it silently."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    from backend.dev.launcher import launch  # noqa: PLC0415

    launch()


if __name__ == "__main__":
    main()
