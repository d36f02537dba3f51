"""Whether the process may open another file: if not, its event loop refuses clients in silence."""

import errno
import os

from backend.observability.incidents import report_once


def is_exhaustion(error: BaseException) -> bool:
    """Whether it says that the limit of open files is reached; then the log says so, once."""
    is_it = isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}
    if is_it:
        report_once("the limit of open files is reached (ulimit -n)")
    return is_it


def report_exhaustion() -> None:
    """Let the log say so, once, if no file can be opened now."""
    try:
        os.close(os.dup(0))
    except OSError as error:
        is_exhaustion(error)
