"""The task service. Only as `python -m backend.…` does importing this do anything."""

import os
import signal
import sys

if sys.argv[:1] == ["-m"]:  # so it is while Python looks for the module that it is to run
    # Ctrl-C while imports run, and nothing is begun, is no reason for a traceback. What a program
    # does on it later is its own affair: it sets its own handler.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
