"""With TEST_POSTGRES the suite runs on another PostgreSQL than the embedded one."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from backend.dev.postgres import server
from backend.dev.postgres.cluster import Cluster, temporary_cluster

CHOSEN = os.environ.get("TEST_POSTGRES", "")
C_OF_LIBC = "LOCALE 'C'" if CHOSEN else "LOCALE 'C' LOCALE_PROVIDER libc"
"""For CREATE DATABASE: a chosen cluster is of libc, and 14 knows no other provider."""

_ANY_VERSION = [option for option in server.INITDB if "locale" not in option]  # builtin: since 17


@contextmanager
def chosen_cluster() -> Iterator[Cluster]:
    """A temporary cluster, of the programs in the folder TEST_POSTGRES if that is set."""
    with ExitStack() as cluster_use:
        with ExitStack() as patches:
            if CHOSEN:
                programs = (*_ANY_VERSION, "--locale=C.UTF-8")
                patches.enter_context(patch.object(server, "bin_folder", lambda: Path(CHOSEN)))
                patches.enter_context(patch.object(server, "INITDB", programs))
            cluster = cluster_use.enter_context(temporary_cluster())
        yield cluster
