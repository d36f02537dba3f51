"""The application: settings, middleware, error handlers, routers; nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from backend.api.error_handlers import render_errors
from backend.api.middleware import add_middleware
from backend.api.openapi.document import TAGS, describe, operation_id
from backend.api.openapi.page import add_docs
from backend.api.routes import health, tasks
from backend.config import Settings, get_settings
from backend.database.engine import make_sessions
from backend.observability.logs import configure_logging

DESCRIPTION = (
    "Tasks on two surfaces over one service. There is **no authentication in this phase**: "
    "whoever names a user acts for that user."
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What has no plan (`api/plan.py`) has as many threads as there are connections."""
    current_default_thread_limiter().total_tokens = app.state.pool_size
    yield
    app.state.sessions.kw["bind"].dispose()


def create_app(settings: Settings) -> FastAPI:
    """Build the service; it connects to the database with the first request that needs it."""
    app = FastAPI(
        title="Tasks",
        version="1.0.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        generate_unique_id_function=operation_id,
    )
    app.state.sessions = make_sessions(settings)
    app.state.pool_size = settings.pool_size
    # As many requests with the database as it has connections: none waits for another's.
    app.state.connections = asyncio.Semaphore(settings.pool_size)
    app.state.readiness = CapacityLimiter(1)
    app.state.draining = False
    app.state.request_timeout = settings.request_timeout
    app.state.public_url = settings.public_url
    add_middleware(app, settings)
    render_errors(app)
    describe(app)
    if settings.docs_enabled:
        add_docs(app)
    app.router.routes += [*tasks.surfaces(app), *health.router.routes]
    return app


def _served() -> FastAPI:
    settings = get_settings()
    configure_logging(settings)
    return create_app(settings)


app = _served()
