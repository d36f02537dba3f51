"""The PostgreSQL server of a base folder; its callers hold the locks."""

import shlex
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import psycopg2

from backend.dev.postgres import account
from backend.dev.postgres.binaries import MAJOR, bin_folder
from backend.dev.postgres.errors import EmbeddedPostgresError
from backend.dev.postgres.folders import PORT, make_private_folder, socket_folder

PATIENCE = 60  # seconds, for a start or a stop

INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
)
SETTINGS = {
    "listen_addresses": "",  # the private socket only
    "port": str(PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server:
    def __init__(self, base: Path, *, throwaway: bool = False) -> None:
        self.throwaway = throwaway
        self.base = base
        self.data = base / f"postgres-{MAJOR}"
        self.log = base / "postgres.log"
        self.sockets = socket_folder(base)

    def url(self, database: str = "postgres") -> str:
        """A URL for libpq and SQLAlchemy alike."""
        where = urlencode({"host": self.sockets, "port": PORT}, safe="/", quote_via=quote)
        return f"postgresql://postgres@/{quote(database, safe='')}?{where}"

    def create(self, pass_fds: Sequence[int]) -> None:
        """Create the data folder under another name, and rename it when it is complete.

        initdb inherits the locks: should we be killed, nobody touches its folder before it ends.
        """
        aside = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(aside, ignore_errors=True)
        if not self.data.exists():
            make_private_folder(aside)
            options = [*INITDB, "--no-sync"] if self.throwaway else INITDB
            self._run("initdb", "--pgdata", aside, *options, pass_fds=pass_fds)
            aside.rename(self.data)

    def start(self) -> None:
        """Make sure that a server answers: the one that runs, perhaps in recovery, or a new one."""
        wait_until(lambda: self.answers() or not self.processes(), PATIENCE)
        if self.answers():
            return
        if self.processes():
            raise EmbeddedPostgresError(f"PostgreSQL in {self.base} runs, but does not answer")
        make_private_folder(self.sockets)
        self._forget_strangers()
        self.log.write_bytes(b"")
        options = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        options |= UNSAFE_BUT_FAST if self.throwaway else {}
        arguments = shlex.join(f"--{name}={value}" for name, value in options.items())
        self._run("pg_ctl", "start", "-s", "-t", str(PATIENCE), "-D", self.data, "-o", arguments)

    def stop(self) -> None:
        """Shut down fast; where that takes too long, at once (it recovers at the next start)."""
        if not wait_until(lambda: not self._signal(signal.SIGINT), PATIENCE):
            self._signal(signal.SIGQUIT)
        with suppress(OSError):  # a server that stopped cleanly leaves it empty
            self.sockets.rmdir()
        if self.throwaway:
            shutil.rmtree(self.base, ignore_errors=True)

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url(), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def processes(self) -> list[psutil.Process]:
        """What runs on our data, by command line: a pid in a file may be a stranger's by now."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if (command := process.info["cmdline"])
            and Path(command[0]).name in {"postgres", "pg_ctl"}
            and str(self.data) in command
        ]

    def _signal(self, number: signal.Signals) -> list[psutil.Process]:
        running = self.processes()
        for process in running:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return running

    def _forget_strangers(self) -> None:
        """Remove the lock files of a dead server whose pid has gone to somebody else.

        A pid that is nobody's stays: PostgreSQL finds out by that file whether backends live on.
        """
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink()
        pid_file = self.data / "postmaster.pid"
        with suppress(FileNotFoundError):
            pid = pid_file.read_text().partition("\n")[0]
            if not pid.isdigit() or psutil.pid_exists(int(pid)):
                pid_file.unlink()

    def _run(self, program: str, *arguments: str | Path, pass_fds: Sequence[int] = ()) -> None:
        command = [bin_folder() / program, *arguments]
        with self.log.open("ab") as log:
            status = account.run(command, output=log, pass_fds=pass_fds)
        if status != 0:
            end = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise EmbeddedPostgresError(f"{program} failed; the end of {self.log}:\n{end}")


def wait_until(true: Callable[[], object], seconds: float) -> bool:
    """Poll until it is true; False when the time is up."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
