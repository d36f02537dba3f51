"""What one process holds while it serves: one typed object on `app.state.runtime`."""

import asyncio
from dataclasses import dataclass, field

from anyio import CapacityLimiter
from sqlalchemy import Engine

from backend.config import Settings
from backend.database.engine import Sessions, make_engine, make_sessions
from backend.database.outages import Connecting, Outages
from backend.events.subscribers import Events
from backend.patience import Patience
from backend.services.readiness import Readiness
from backend.shares import Shares

DEFAULT_PATIENCE = Patience(2)


class Gates:
    """The waiting lines inside of the application, and whether the process is leaving."""

    def __init__(self, pool_size: int, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.connections = asyncio.Semaphore(pool_size)
        """As many handlers at a time as connections: none waits for another one's."""

        self.shares = Shares(pool_size, patience)
        """What one owner may have of them."""

        self.readiness = CapacityLimiter(1)
        """The thread of the readiness check, which must answer while all else waits."""

        self.is_draining = False

    def drain(self) -> None:
        """From now on the process is not ready."""
        self.is_draining = True


@dataclass(frozen=True)
class Runtime:
    """The engine, its sessions, the settings, the gates, what is known of the database, and the
    subscribers of the events.
    """

    settings: Settings
    engine: Engine
    sessions: Sessions
    gates: Gates = field(repr=False)
    connecting: Connecting = field(repr=False)
    outages: Outages = field(repr=False)
    readiness: Readiness = field(repr=False)
    events: Events = field(repr=False)

    def dispose(self) -> None:
        """Close all connections that are not in use."""
        self.engine.dispose()


def make_runtime(settings: Settings) -> Runtime:
    """Connects to nothing: the first request that needs the database does."""
    connecting = Connecting(settings.request_timeout)
    engine = make_engine(
        settings.url,
        settings.pool_size,
        verify_after=settings.verify_after,
        verify_timeout=settings.verify_timeout,
        connecting=connecting,
        prepare=settings.prepare_statements,
    )
    waits = settings.admission_timeout, settings.request_timeout
    patience = Patience(*waits, connecting.last_seen)
    sessions, outages = make_sessions(engine), Outages()
    gates = Gates(settings.pool_size, patience)
    return Runtime(
        settings,
        engine,
        sessions,
        gates,
        connecting,
        outages,
        Readiness(settings.readiness_timeout, settings.readiness_cache),
        Events(settings, sessions, gates, outages),
    )
