"""The application: the one place where the API, the edge and the database are joined."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig

from backend.api.error_handlers import EXCEPTION_HANDLERS
from backend.api.openapi.document import ABOUT, DESCRIPTION, TAGS, describe, operation_id
from backend.api.openapi.page import add_docs, add_root_without_docs
from backend.api.routes import health, metrics, tasks
from backend.api.routing.route_index import RouteIndex
from backend.config import Settings
from backend.database.migration_state import newest_migration
from backend.edge.stack import layers
from backend.observability import tracing
from backend.observability.metrics import REQUESTS, begin_process
from backend.runtime import make_runtime

VERSION = "1.0.0"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What runs in a thread (readiness, FastAPI's own) has as many as there are connections."""
    runtime = app.state.runtime
    newest_migration()  # reads files: later there may be none left to open
    if runtime.settings.otel_exporter_otlp_endpoint:
        tracing.keep_queries_out()
    begin_process(runtime.settings.pool_size)
    current_default_thread_limiter().total_tokens = runtime.settings.pool_size
    yield
    runtime.events.close()
    runtime.dispose()


def _telemetry(*, is_on: bool) -> TelemetryConfig:
    """Off where nobody asked for it: FastAPI would look for a tracer in each request."""
    return {"auto_configure": is_on, "tracing": is_on, "metrics": is_on, "logs": is_on}


def create_app(settings: Settings) -> FastAPI:
    """Build the service; it connects to the database with the first request that needs it."""
    runtime = make_runtime(settings)
    if settings.otel_exporter_otlp_endpoint:
        tracing.prepare(settings.otel_exporter_otlp_endpoint)
    app = FastAPI(
        title="Tasks",
        version=VERSION,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        **ABOUT,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=layers(settings, runtime.connecting.last_seen),
        exception_handlers=EXCEPTION_HANDLERS,
        generate_unique_id_function=operation_id,
        telemetry=_telemetry(is_on=settings.otel_exporter_otlp_endpoint is not None),
    )
    app.state.runtime = runtime
    describe(app)
    limits = tasks.BodyLimits(settings.max_body_bytes, settings.max_import_bytes)
    routes = [*tasks.surfaces(app, limits), *health.router.routes]
    if settings.metrics_enabled:
        routes += metrics.scrapes(app)
    app.router.routes += [RouteIndex(routes), *routes]
    REQUESTS.know(route.path_format for route in routes if isinstance(route, APIRoute))
    (add_docs if settings.docs_enabled else add_root_without_docs)(app)
    return app
