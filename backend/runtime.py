"""What one process holds while it serves: one typed object on `app.state.runtime`."""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from backend.config import Settings
from backend.database.engine import Sessions, make_engine, make_sessions
from backend.database.outages import Connecting, Outages
from backend.events.subscribers import Events
from backend.exports import Exports
from backend.gates import Gates
from backend.patience import Patience
from backend.services.readiness import Readiness


@dataclass(frozen=True)
class Runtime:
    """The engine, its sessions, the settings, the gates, what is known of the database, the
    subscribers of the events, and the exports that are under way.
    """

    settings: Settings
    engine: Engine
    sessions: Sessions
    gates: Gates = field(repr=False)
    connecting: Connecting = field(repr=False)
    outages: Outages = field(repr=False)
    readiness: Readiness = field(repr=False)
    events: Events = field(repr=False)
    exports: Exports = field(repr=False)

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
        Exports(settings, gates, outages),
    )
