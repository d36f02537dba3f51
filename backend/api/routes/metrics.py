"""Metrics for Prometheus."""

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.routing import BaseRoute

from backend.api.openapi.document import operation_id
from backend.api.openapi.responses import SCRAPED
from backend.api.routing.route import StrictRoute
from backend.observability.metrics import exposition


async def read_metrics(request: Request) -> Response:
    """Requests, refusals, waiting lines, connections: of all processes, without a database."""
    accept = request.headers.get("accept", "")
    limiter = request.app.state.runtime.gates.scrapes
    version = request.app.version
    body, kind = await to_thread.run_sync(exposition, version, accept, limiter=limiter)
    return Response(body, headers={"Content-Type": kind})


def scrapes(app: FastAPI) -> list[BaseRoute]:
    """The route of `/metrics`."""
    router = APIRouter(
        tags=["health"], route_class=StrictRoute, generate_unique_id_function=operation_id
    )
    router.add_api_route(
        "/metrics", read_metrics, methods=["GET"], response_class=Response, responses=SCRAPED
    )
    return router.routes
