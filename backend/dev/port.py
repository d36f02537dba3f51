"""Who has a port of this machine."""

import shlex

import psutil

MAX_COMMAND = 80
"""Characters of a command that are shown."""


def holder_of(port: int) -> str:
    """The command and the number of the process that listens there, as far as one may look."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows them to root alone
        return "another program"
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port:
            return _described(one.pid) if one.pid else "a program of another account"
    return "another program"


def _described(process: int) -> str:
    try:
        command = shlex.join(psutil.Process(process).cmdline())
        if "multiprocessing" in command:  # of RELOAD=1: its parent is the one to end
            process = psutil.Process(process).ppid()
            command = shlex.join(psutil.Process(process).cmdline())
    except psutil.Error:
        return f"process {process}"
    shown = command if len(command) <= MAX_COMMAND else f"{command[: MAX_COMMAND - 1]}…"
    return f"process {process} ({shown})"
