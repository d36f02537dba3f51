"""Whether the process may open another file: if not, its event loop refuses clients in silence."""

import errno
import os

from backend.observability.incidents import report_once

EXHAUSTED = "the limit of open files is reached (ulimit -n)"


def is_exhaustion(error: BaseException) -> bool:
    """Whether it says that the limit of open files is reached; then the log says so, once."""
    is_it = isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}
    if is_it:
        report_once(EXHAUSTED)
    return is_it


def can_open() -> bool:
    """Whether a file can be opened now; if not, the log says so, once."""
    try:
        os.close(os.dup(0))
    except OSError as error:
        return not is_exhaustion(error)
    return True
